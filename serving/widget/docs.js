/* The OpenAPI document as a page: what there is, what it takes and gives, with a command to try it. */
(async () => {
  "use strict";
  const api = await (await fetch("/openapi.json")).json();
  const main = document.getElementById("main");
  document.getElementById("version").textContent = `API version ${api.info.version}`;
  const make = (tag, words, className) => {
    const element = document.createElement(tag);
    if (words) element.textContent = words;
    if (className) element.className = className;
    return element;
  };
  const deref = (schema) => (schema?.$ref ? api.components.schemas[schema.$ref.split("/").pop()] : schema);
  const example = (given, depth = 0) => {
    const schema = deref(given) || {};
    if (schema.examples) return schema.examples[0];
    if (schema.const !== undefined) return schema.const;
    if (schema.default !== undefined && schema.default !== null) return schema.default;
    if (schema.enum) return schema.enum[0];
    if (schema.anyOf) return example(schema.anyOf[0], depth);
    if (schema.type === "array") return depth > 3 ? [] : [example(schema.items, depth + 1)];
    if (schema.properties)
      return Object.fromEntries(Object.entries(schema.properties).map(([key, value]) => [key, example(value, depth + 1)]));
    return { string: "…", integer: 0, number: 0, boolean: false, null: null }[schema.type] ?? {};
  };
  main.textContent = "";
  main.append(make("p", api.info.description.replaceAll("**", "").replaceAll("`", ""), "about"));
  const groups = {};
  for (const [path, verbs] of Object.entries(api.paths))
    for (const [verb, what] of Object.entries(verbs)) (groups[what.tags?.[0] || "other"] ||= []).push({ path, verb, what });
  for (const [name, entries] of Object.entries(groups)) {
    main.append(make("h2", name));
    for (const { path, verb, what } of entries) {
      const box = make("details");
      const head = make("summary");
      head.append(make("b", verb.toUpperCase(), "verb"), make("code", path), make("span", (what.description || "").split("\n")[0]));
      const body = make("div");
      const query = (what.parameters || []).filter((item) => item.in !== "path");
      if (query.length) {
        body.append(make("h3", "Parameters"));
        const table = make("table");
        for (const item of query) {
          const row = make("tr");
          row.append(make("td", item.name), make("td", item.in), make("td", item.description || item.schema?.description || ""));
          table.append(row);
        }
        body.append(table);
      }
      const sent = what.requestBody?.content?.["application/json"]?.schema;
      const command = [`curl ${verb === "get" ? "" : `-X ${verb.toUpperCase()} `}${location.origin}${path}`];
      if (path.includes("session_id")) command.push("-H 'Authorization: Bearer <token>'");
      if (sent) command.push("-H 'Content-Type: application/json'", `-d '${JSON.stringify(example(sent))}'`);
      body.append(make("h3", "Try it"), make("pre", command.join(" \\\n  ")));
      for (const [status, answer] of Object.entries(what.responses || {})) {
        const schema = answer.content?.["application/json"]?.schema;
        if (!status.startsWith("2") || !schema || !Object.keys(schema).length) continue;
        body.append(make("h3", `Answer ${status}`), make("pre", JSON.stringify(example(schema), null, 2)));
      }
      box.append(head, body);
      main.append(box);
    }
  }
})();
