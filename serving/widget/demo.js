/* The page's own buttons that open the chat, through the widget's public interface. */
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-open-chat]") && window.Tactful) window.Tactful.open();
});
