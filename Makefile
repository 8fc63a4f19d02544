# Two commands: `make run` and `make test`. Both set up what is missing and are quick when nothing is.
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# A machine with an NVIDIA driver gets the GPU build of the engine.
LOCK   := $(if $(shell command -v nvidia-smi),requirements-gpu.lock,requirements.lock)
TORCH  := $(shell grep '^torch==' $(LOCK))
PROMPTS = $$($(BIN)/python -c 'from bot.prompts import fingerprint; print(fingerprint())')

.DEFAULT_GOAL := help
.PHONY: help run test check fuzz adapter tagger lock

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

# pip finds the CPU build of torch where a wheel folder is configured; elsewhere PyTorch's own CPU index has it.
$(STAMP): $(LOCK) pyproject.toml
	@echo "Installing the locked dependencies into $(VENV) (a few minutes, once) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || python3 -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Tactful needs Python 3.11: make PYTHON=/path/to/python3.11 run")'
	@$(BIN)/pip install -q --no-deps --no-compile '$(TORCH)' || $(BIN)/pip install -q --no-deps --no-compile --index-url https://download.pytorch.org/whl/cpu '$(TORCH)'
	@$(BIN)/pip install -q --no-deps --no-compile -r $(LOCK)
	@$(BIN)/pip install -q setuptools wheel && $(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

run: $(STAMP)  ## install, fetch the model, make the demo shop, start everything; Ctrl-C ends it
	@$(BIN)/tactful model fetch
	@exec $(BIN)/tactful serve

# The browser tests need Chromium; where it is missing and apt is there, it is installed.
test: $(STAMP)  ## the same set-up, then every test that needs no GPU: the real model and a browser too
	@command -v chromium >/dev/null || { command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } || echo "Chromium is missing: install it, or the browser tests fail"
	@$(BIN)/tactful model fetch
	@$(BIN)/python -m pytest -q -n 2 -m 'not gpu and not model'
	@$(BIN)/python -m pytest -q -m 'model and not gpu'

check: $(STAMP)  ## what a commit must pass: lint, types, quick tests
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/python -m pytest -q -n 2 -m 'not gpu and not browser and not model and not slow'

fuzz: $(STAMP)  ## the properties of the guards with 10,000 examples each (an hour; HYPOTHESIS_PROFILE=nightly)
	@HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -q -n 2 --timeout 7200 -m fuzz tests/guardrails

# The private stage as it is released; `tactful finetune compare` takes the same.
PRIVATE = --customers 20000 --batch 1600 --steps 20 --learning-rate 0.006 --rank 32 --outputs 64 --directions build/examples.jsonl --rehearse 240
# A step takes and gives back gigabytes; where jemalloc is installed (apt-get install libjemalloc2) it keeps the pages a
# while, and a step needs about half the time on machines whose page faults are slow.
COMMA := ,
JEMALLOC = $(firstword $(wildcard /usr/lib/*-linux-gnu/libjemalloc.so.2))
TRAIN = $(if $(JEMALLOC),LD_PRELOAD=$(JEMALLOC) MALLOC_CONF=dirty_decay_ms:8000$(COMMA)muzzy_decay_ms:8000) $(BIN)/tactful finetune

adapter: $(STAMP)  ## train the default adapter, both stages, and the intent model anew (two and a half hours on two cores with AVX-512)
	@mkdir -p build && $(BIN)/tactful model fetch
	@$(BIN)/tactful finetune data build/cases.jsonl --understand 30000 --replies 900
	@$(BIN)/tactful prompts build/cases.jsonl build/examples.jsonl
	@$(TRAIN) train build/examples.jsonl --out build/public --work build/training --max-minutes 75 --prompts $(PROMPTS)
	@$(BIN)/tactful finetune simulate build/transcripts.jsonl --customers 24000
	@$(BIN)/tactful finetune conceal build/transcripts.jsonl build/private_cases.jsonl build/private_eval_cases.jsonl
	@$(BIN)/tactful prompts build/private_cases.jsonl build/private.jsonl
	@$(TRAIN) private build/private.jsonl finetune/artifacts/default --start build/public --work build/private-run $(PRIVATE) --epsilon 8 --prompts $(PROMPTS) --note "The customers of the private stage are simulated by the project."
	@$(BIN)/tactful finetune intent build/cases.jsonl --out finetune/artifacts/intent

tagger: $(STAMP)  ## train the recognizer of names, addresses and attacks anew, both runs (half an hour on two cores)
	@$(BIN)/tactful finetune tagger --work build/tagger

lock:  ## resolve the locked list anew (needs uv)
	@mkdir -p build && printf '%s\n' 'torchvision; sys_platform == "never"' 'torchaudio; sys_platform == "never"' 'torchcodec; sys_platform == "never"' attrs > build/without.txt
	@printf '%s\n' attrs > build/any.txt  # dp-accounting names attrs<24 and runs with later ones
	@uv pip compile pyproject.toml --extra cpu --extra dev --override build/without.txt --python-version 3.11 --no-annotate --no-header -o requirements.lock
	@uv pip compile pyproject.toml --extra gpu --extra dev --override build/any.txt --python-version 3.11 --no-annotate --no-header -o requirements-gpu.lock
