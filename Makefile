# Trimtab. `make demo` and `make test` are all a newcomer needs; `make help` lists the rest.

SWIFT ?= swift
PYTHON ?= python3
VENV := .venv
BINARY := .build/release/trimtab

.PHONY: help demo test test-integrations pictures fuzz fuzz-targets sanitize syntaxtest \
  crashtest powerlosstest takeovertest soak bench release install wheel vsix apidoc spec format lint clean

help:
	@echo "make demo     build, run the main job through the RPC interface, print a table, draw out/demo.svg"
	@echo "make test     build and run all tests; names at the end what was skipped"
	@echo "make test-integrations  the Python client with PyTorch, Ray and others; names their download sizes"
	@echo "make pictures  the pictures of the documents, fixtures/pictures"
	@echo "make fuzz     1 000 000 mutated messages and as many mutated params (N=...; FUZZ_SEED=... repeats)"
	@echo "make syntaxtest  100 000 documents in TOML and as many in JSON, read as Python reads them (N=...; SYNTAX_SEED=...)"
	@echo "make fuzz-targets  libFuzzer under the address sanitizer, N inputs for each target (TARGETS='npy journal=5000')"
	@echo "make sanitize  the transcripts, and several processes, under the address and the thread sanitizer (SANITIZERS=address)"
	@echo "make crashtest  kills servers that keep their sessions, at random instants (N=...; CRASH_SEED=... repeats),"
	@echo "              after powerlosstest"
	@echo "make powerlosstest  takes the power from simulated disks at random operations (N=...; POWER_SEED=... repeats)"
	@echo "make soak     mixed load by three clients for MINUTES, 60 by default: memory and descriptors stay flat"
	@echo "make takeovertest  kills owners of shared state directories (N=...; CRASH_SEED=... repeats)"
	@echo "make bench    the benchmark table (BENCH='--full' for the long rows)"
	@echo "make release  out/trimtab: one static, stripped binary"
	@echo "make install  puts it below PREFIX (/usr/local), with completions, a manual page and checks; DESTDIR=..."
	@echo "make wheel    out/trimtab-*.whl: the Python package with that binary inside"
	@echo "make vsix     out/trimtab-*.vsix: the extension of Visual Studio Code (needs tsc 4.8 or newer)"
	@echo "make apidoc   out/apidoc: the reference of the Python package, from its docstrings"
	@echo "make spec     write protocol-spec/, the transcripts' answers and the client's words from the code; review them"
	@echo "make format   format the Swift sources; make lint only checks"

$(BINARY): FORCE
	@$(SWIFT) build -c release --product trimtab

demo: $(BINARY)
	@mkdir -p out
	@$(PYTHON) clients/python/examples/demo.py --binary $(BINARY) --svg out/demo.svg

# Installed again whenever the list of requirements changes.
$(VENV)/ready: Tests/ProcessTests/requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r Tests/ProcessTests/requirements.txt
	@touch $@

test: $(VENV)/ready
	@SWIFT="$(SWIFT)" PYTHON="$(CURDIR)/$(VENV)/bin/python" Tests/run

# GROUPS_WANTED="torch ray" runs these groups alone.
test-integrations: $(BINARY)
	@TRIMTAB_BINARY="$(or $(TRIMTAB_BINARY),$(CURDIR)/$(BINARY))" PYTHON="$(PYTHON)" Tests/IntegrationTests/run

# The pictures of the documents; the SVG files need the binary alone, the others the integration tests that make them.
pictures: $(BINARY)
	@mkdir -p out
	@$(BINARY) frontier fixtures/profiles/modelled-h100-8stage.csv --stages 8 --microbatches 24 --blocking-power 95 \
	  --deadline 3.7 --svg fixtures/pictures/frontier.svg --timeline fixtures/pictures/timeline.svg >out/pictures.txt
	@GROUPS_WANTED="notebook editors" TRIMTAB_PICTURES="$(CURDIR)/fixtures/pictures" $(MAKE) test-integrations

# N messages and as many requests with changed params; FUZZ_SEED (and FUZZ_ROUND) repeat a campaign (or one round).
fuzz: release $(VENV)/ready
	@cd Tests/ProcessTests && TRIMTAB_BINARY="$(CURDIR)/out/trimtab" "$(CURDIR)/$(VENV)/bin/python" -m fuzz

# N documents of each language; SYNTAX_SEED repeats a campaign.
syntaxtest: release $(VENV)/ready
	@cd Tests/ProcessTests && TRIMTAB_BINARY="$(CURDIR)/out/trimtab" "$(CURDIR)/$(VENV)/bin/python" -m manifests

# N inputs for each of TARGETS, at most SECONDS_EACH seconds each.
fuzz-targets:
	@SWIFT="$(SWIFT)" PYTHON="$(PYTHON)" RUNS=$(or $(N),20000) Tests/FuzzTargets/run

# SANITIZERS: address, thread or both; TESTS names other process tests.
sanitize: $(VENV)/ready
	@SWIFT="$(SWIFT)" PYTHON="$(CURDIR)/$(VENV)/bin/python" Tests/Sanitizers/run

# N power losses; POWER_SEED repeats a campaign. The build is that of the tests.
FAST_TESTS = -Xswiftc -O -Xswiftc -assert-config -Xswiftc Debug
powerlosstest:
	@$(SWIFT) build --build-tests $(FAST_TESTS)
	@TRIMTAB_POWER_LOSSES=$(or $(N),1000) TRIMTAB_POWER_SEED=$(or $(POWER_SEED),1) \
	  $(SWIFT) test --skip-build $(FAST_TESTS) --filter PowerLossTests

# N power losses, and N kills; CRASH_SEED repeats a campaign.
crashtest: powerlosstest release $(VENV)/ready
	@cd Tests/ProcessTests && TRIMTAB_BINARY="$(CURDIR)/out/trimtab" "$(CURDIR)/$(VENV)/bin/python" -m crash

# MINUTES of mixed load by three clients on one state directory.
soak: release $(VENV)/ready
	@cd Tests/ProcessTests && TRIMTAB_BINARY="$(CURDIR)/out/trimtab" "$(CURDIR)/$(VENV)/bin/python" -m crash.soak

# N kills of an owner with two clients joined; CRASH_SEED repeats a campaign.
takeovertest: release $(VENV)/ready
	@TRIMTAB_BINARY="$(CURDIR)/out/trimtab" TRIMTAB_TAKEOVERS=$(or $(N),200) "$(CURDIR)/$(VENV)/bin/python" -m pytest \
	  -q -p no:cacheprovider Tests/ProcessTests/test_sharing.py -k at_random

bench: release $(VENV)/ready
	@TRIMTAB_BINARY=out/trimtab $(VENV)/bin/python Tests/Benchmarks/bench.py $(BENCH)

# Functions in sections of their own, so that the linker leaves out those that nothing calls and keeps equal ones once.
# Tables for unwinding are left out: nothing here throws a C++ exception, and debuggers follow the frame pointers.
UNWINDING = SECTIONS { /DISCARD/ : { *(.eh_frame .eh_frame_hdr) } } INSERT AFTER .rodata;
release:
	@mkdir -p .build-release && echo '$(UNWINDING)' >.build-release/no-unwinding.ld
	@TRIMTAB_RELEASE=1 $(SWIFT) build -c release --product trimtab --static-swift-stdlib --scratch-path .build-release \
	  -Xswiftc -use-ld=lld -Xswiftc -Xfrontend -Xswiftc -function-sections -Xlinker --no-export-dynamic \
	  -Xlinker --icf=all -Xlinker --no-eh-frame-hdr -Xlinker -T -Xlinker "$(CURDIR)/.build-release/no-unwinding.ld"
	@mkdir -p out && strip -o out/trimtab .build-release/release/trimtab && ls -l out/trimtab

PREFIX ?= /usr/local
SHARE = $(DESTDIR)$(PREFIX)/share

install: release
	@install -D -m 755 out/trimtab "$(DESTDIR)$(PREFIX)/bin/trimtab"
	@mkdir -p "$(SHARE)/man/man1" "$(SHARE)/bash-completion/completions" "$(SHARE)/zsh/site-functions" \
	  "$(SHARE)/fish/vendor_completions.d" "$(SHARE)/trimtab/conformance/clients"
	@out/trimtab manual >"$(SHARE)/man/man1/trimtab.1"
	@out/trimtab completion bash >"$(SHARE)/bash-completion/completions/trimtab"
	@out/trimtab completion zsh >"$(SHARE)/zsh/site-functions/_trimtab"
	@out/trimtab completion fish >"$(SHARE)/fish/vendor_completions.d/trimtab.fish"
	@install -m 644 protocol-spec/conformance/*.transcript "$(SHARE)/trimtab/conformance"
	@install -m 644 protocol-spec/conformance/clients/*.transcript "$(SHARE)/trimtab/conformance/clients"
	@"$(DESTDIR)$(PREFIX)/bin/trimtab" --version

wheel: release $(VENV)/ready
	@$(VENV)/bin/python clients/python/make_wheel.py out/trimtab out

vsix:
	@rm -rf clients/vscode/out
	@tsc -p clients/vscode && tsc -p clients/vscode/webview
	@$(PYTHON) clients/vscode/make_vsix.py out

apidoc: $(VENV)/ready
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check pdoc==16.0.0
	@$(VENV)/bin/python clients/python/apidoc.py out/apidoc

spec:
	@$(SWIFT) run protocol-tool write
	@$(PYTHON) clients/python/generate.py

format:
	@$(SWIFT) format --in-place --recursive --parallel Sources Tests Package.swift

lint:
	@$(SWIFT) format lint --strict --recursive --parallel Sources Tests Package.swift

clean:
	rm -rf .build .build-release .build-fuzz .build-tsan out $(VENV) $(VENV)-integrations

FORCE:
