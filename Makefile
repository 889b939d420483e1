# camloop: network camera firmware. On Debian 12 every goal installs the packages it misses.
#
#   make         the program for this machine: build/host-release/camloop
#   make run     build and run it; settings may follow: make run CAMLOOP_SOURCE=file:clip.y4m
#   make test    every test, with sanitizers: unit, fuzz (shortly), tidy, end to end, board
#   make board-test  the product on a virtual board, booted from a card, alone; a case a line.
#                BOARD_TEST_FRAMES=50000 serves as many frames to its clients: an hour's
#   make bench   compare with other servers, with clients of MQTT and with the bare encoder
#   make lint    clang-format and clang-tidy
#   make fuzz    fuzz each decoder for FUZZ_SECONDS (60)
#   make size    sizes of the programs; fails when the board's is over its budget
#   make board   for the V831: build/v831-release/camloop and, with what makes it a service,
#                camloop-overlay.tar.gz, which board/flash lays down, and camloop-openwrt.tar.gz
#   make clean   remove build/, fetched libraries included
#   make help    this text

.PHONY: all run test board-test bench lint fuzz size board clean help FORCE
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules -j$(shell nproc)

FUZZ_SECONDS ?= 60
V831_BYTES_MAX := 1500000

all: build/host-release/camloop

include toolchain/host.mk toolchain/v831.mk

# ---- What is there -------------------------------------------------------------------------------

under = $(sort $(shell find $(1) -name '$(2)' 2>/dev/null))

sources := $(call under,src,*.cc)
page := $(wildcard src/web/page.S)
headers := $(call under,src tests,*.h)
unit_tests := $(call under,tests/unit,*.cc)
fuzzed_sources := $(call under,src/base src/proto src/media,*.cc) src/config/defaults_file.cc \
  $(addprefix src/io/tls_,context.cc engine.cc fault.cc)
fuzzers := $(patsubst tests/fuzz/%_fuzz.cc,%,$(wildcard tests/fuzz/*_fuzz.cc))
version_heading := ^\#\# *\[*v*\([0-9][0-9.]*[0-9]\).*
version := $(shell sed -n 's/$(version_heading)/\1/p' CHANGELOG.md 2>/dev/null | head -n 1)

# ---- Packages ------------------------------------------------------------------------------------

build_packages := make cmake nasm bzip2 xz-utils

# Whatever uses the packages of a need has it as an order-only prerequisite.
needs := need-host need-v831 need-board need-fuzz need-test need-bench need-lint
.PHONY: $(needs)
need-host: packages := $(build_packages) $(host.packages)
need-v831: packages := $(build_packages) $(v831.packages)
need-board: packages := ca-certificates
need-fuzz: packages := clang libclang-rt-14-dev
need-test: packages := git libgtest-dev python3 python3-pytest python3-opencv python3-numpy \
  python3-selenium chromium chromium-driver ffmpeg curl libjpeg-turbo-progs openssl opencv-doc \
  busybox-static e2fsprogs iproute2 mosquitto mosquitto-clients python3-paho-mqtt
need-bench: packages := python3 ustreamer ffmpeg curl openssl opencv-doc mosquitto \
  mosquitto-clients libmosquitto-dev python3-paho-mqtt
need-lint: packages := clang-format clang-tidy
$(needs):
	@toolchain/need $(packages)

# ---- Libraries -----------------------------------------------------------------------------------

libraries := libuv1 libjpeg-turbo mbedtls
archives := libjpeg.a libuv.a libmbedtls.a libmbedx509.a libmbedcrypto.a

build/third_party/fetched: third_party/fetch third_party/versions | need-host
	@third_party/fetch
	@touch $@

# $(call third_party,machine): its libraries, a stamp each.
define third_party
$(1).libraries := $$(libraries:%=build/third_party/$(1)/%.built)
$(1).archives := $$(archives:%=build/third_party/$(1)/lib/%)
$(1).includes := -isystem build/third_party/$(1)/include

$$($(1).libraries): build/third_party/$(1)/%.built: \
    build/third_party/fetched third_party/build toolchain/$(1).mk | need-$(1)
	@MAKEFLAGS= third_party/build $$* $(1) '$$($(1).machine)' $$($(1).cmake)
	@touch $$@
build/third_party/$(1)/mbedtls.built: third_party/mbedtls_config.h
endef
$(eval $(call third_party,host))
$(eval $(call third_party,v831))

# ---- Flags ---------------------------------------------------------------------------------------

language := -std=c++20 -fno-exceptions -fno-rtti -D_FILE_OFFSET_BITS=64 -Isrc \
  -DCAMLOOP_VERSION='"$(or $(version),unreleased)"'
warnings := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Woverloaded-virtual \
  -Wformat=2 -Wundef -Wno-missing-field-initializers -Werror
release := -O2 -DNDEBUG -flto=auto -fno-pie -ffunction-sections -fdata-sections
release_link := -static -Wl,--gc-sections -Wl,-s
sanitize := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
  -fno-sanitize-recover=all

# $(call remember,file,text): a file that changes when the text does.
define remember
$(1): FORCE
	@mkdir -p $$(@D)
	@printf '%s\n' '$(2)' | cmp -s - $$@ || printf '%s\n' '$(2)' >$$@
endef

# ---- Programs ------------------------------------------------------------------------------------

# $(call tree,name,machine,flags,link flags): build/name/camloop.
# A link that succeeds is silent: a static one warns of the shared parts of glibc's resolver, but
# /etc/hosts and DNS are built in, and no more is asked of it.
define tree
$(1).compile := $($(2).cxx) $($(2).machine) $$(language) $$(warnings) $(3) $($(2).includes)
$(1).link := $($(2).cxx) $($(2).machine) $(3) $(4)
$(1).objects := $$(sources:%.cc=build/$(1)/%.o) $$(page:%=build/$(1)/%.o)
$(call remember,build/$(1)/compile.flags,$$($(1).compile))
$(call remember,build/$(1)/link.flags,$$($(1).link) $$($(1).objects))

build/$(1)/%.o: %.cc build/$(1)/compile.flags $($(2).libraries)
	@mkdir -p $$(@D)
	@echo '$(1)  $$<'
	@$$($(1).compile) $$(extra_flags) -MMD -MP -c $$< -o $$@

build/$(1)/%.S.o: %.S src/web/index.html build/$(1)/compile.flags | need-$(2)
	@mkdir -p $$(@D)
	@echo '$(1)  $$<'
	@$($(2).cxx) $($(2).machine) -c $$< -o $$@

build/$(1)/camloop: $$($(1).objects) build/$(1)/link.flags $($(2).libraries)
	@echo '$(1)  $$@'
	@$$($(1).link) $$($(1).objects) $($(2).archives) -o $$@ 2>$$@.log || \
	  { cat $$@.log >&2; false; }

-include $$(call under,build/$(1),*.d)
endef
$(eval $(call tree,host-release,host,$(release),$(release_link)))
$(eval $(call tree,host-sanitize,host,$(sanitize)))
$(eval $(call tree,v831-release,v831,$(release),$(release_link)))

# Loops over pixels become vectors, which gcc 12 makes of them at -O3 only.
build/%-release/src/media/pixels.o: extra_flags := -O3

# The app, its configuration and its reports work at the start or for somebody who asks: small is
# better than fast.
once := $(wildcard src/*.cc) $(call under,src/config src/report,*.cc)
$(foreach tree,host-release v831-release,$(once:%.cc=build/$(tree)/%.o)): extra_flags := -Os

run: build/host-release/camloop
	@$<

# What is packed is as old as the last commit, so that the same commit gives the same bytes.
overlays := $(addprefix build/v831-release/camloop-,overlay.tar.gz openwrt.tar.gz)
source_date := $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null),0)
$(eval $(call remember,build/v831-release/source.date,$$(source_date)))

board: $(overlays)
$(overlays): build/v831-release/camloop-%.tar.gz: build/v831-release/camloop \
    build/host-release/camloop board/pack $(call under,board/overlay board/openwrt,*camloop) \
    build/v831-release/source.date | need-board
	@echo 'v831-release  $@'
	@SOURCE_DATE_EPOCH=$(source_date) board/pack $* $(wordlist 1,2,$^) $@

clean:
	rm -rf build

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

# ---- Tests ---------------------------------------------------------------------------------------

unit_objects := $(unit_tests:%.cc=build/host-sanitize/%.o)
$(unit_objects): extra_flags := -Itests -Wno-conversion
$(unit_objects): | need-test
build/host-sanitize/unit-tests: build/host-sanitize/link.flags $(host.libraries) $(unit_objects) \
    $(filter-out %/src/main.o,$(host-sanitize.objects))
	@echo 'host-sanitize  $@'
	@$(host-sanitize.link) $(filter %.o,$^) $(host.archives) -lgtest -lgtest_main -o $@

# The decoders once more, compiled by clang for libFuzzer.
fuzz_flags := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
fuzz_compile := clang++ $(language) $(fuzz_flags) -fsanitize=fuzzer-no-link $(host.includes)
fuzz_objects := $(fuzzed_sources:%.cc=build/host-sanitize/fuzz/%.o)
fuzz_programs := $(fuzzers:%=build/host-sanitize/fuzz/%)
$(eval $(call remember,build/host-sanitize/fuzz/compile.flags,$$(fuzz_compile)))

build/host-sanitize/fuzz/%.o: %.cc build/host-sanitize/fuzz/compile.flags $(host.libraries) \
    | need-fuzz
	@mkdir -p $(@D)
	@echo 'fuzz  $<'
	@$(fuzz_compile) -MMD -MP -c $< -o $@

$(fuzz_programs): build/host-sanitize/fuzz/%: \
    build/host-sanitize/fuzz/tests/fuzz/%_fuzz.o $(fuzz_objects)
	@echo 'fuzz  $@'
	@clang++ $(fuzz_flags) -fsanitize=fuzzer $^ $(host.archives) -o $@

# $(call fuzz_each,seconds): each from its committed corpus; what is found stays below build/.
fuzz_each = for name in $(fuzzers); do \
  found=build/host-sanitize/fuzz/found/$$name; mkdir -p $$found; echo "fuzz  $$name for $(1) s"; \
  build/host-sanitize/fuzz/$$name -max_total_time=$(1) -timeout=5 -artifact_prefix=$$found/ \
    $$found tests/fuzz/corpus/$$name >$$found.log 2>&1 || { cat $$found.log >&2; exit 1; }; done

fuzz: $(fuzz_programs)
	@$(call fuzz_each,$(FUZZ_SECONDS))

.PHONY: virtual-board
virtual-board: | need-v831
	@board/virtual/setup

pytest := /usr/bin/python3 -m pytest -q -p no:cacheprovider
test fuzz: export UBSAN_OPTIONS := print_stacktrace=1
test board-test: export PYTHONDONTWRITEBYTECODE := 1
test: export CAMLOOP := build/host-sanitize/camloop
test: export CAMLOOP_RELEASE := build/host-release/camloop
test: export CAMLOOP_V831 := build/v831-release/camloop

# Two at a time, as most of them wait most of the time; the longest first. What one prints is shown
# at its end: the last of it, or all where it failed.
test: test-board test-e2e test-unit test-fuzz

# $(call test,name,command)
define test
.PHONY: test-$(1)
test-$(1): build/host-sanitize/camloop build/host-release/camloop build/v831-release/camloop \
    build/host-sanitize/unit-tests $(fuzz_programs) $(overlays) virtual-board | need-test
	@echo 'test  $(1)'
	@log=build/host-sanitize/test-$(1).log; \
	if ($(2)) >$$$$log 2>&1; then tail -n 30 $$$$log; else cat $$$$log; false; fi
endef
$(eval $(call test,board,$(pytest) tests/board))
$(eval $(call test,e2e,$(pytest) tests/tidy tests/e2e))
$(eval $(call test,unit,build/host-sanitize/unit-tests --gtest_brief=1))
$(eval $(call test,fuzz,$$(call fuzz_each,5)))

board-test: $(overlays) virtual-board | need-test
	$(pytest) tests/board/product

# ---- Benchmark -----------------------------------------------------------------------------------

# Each source is a program of its own, built as the release is and with base and media at hand, but
# for mqtt_peer, the one on Debian's libmosquitto; lib*.c is a library to preload.
bench_preloads := $(wildcard tests/bench/lib*.c)
bench_sources := $(wildcard tests/bench/*.cc)
bench_programs := $(patsubst tests/bench/%,build/host-release/bench/%, \
  $(bench_preloads:.c=.so) $(basename $(bench_sources)))
bench_objects := $(filter build/host-release/src/base/% build/host-release/src/media/%, \
  $(host-release.objects))

build/host-release/bench/%.so: tests/bench/%.c $(headers) | need-host
	@mkdir -p $(@D)
	@echo 'bench  $<'
	@gcc -O2 -Wall -Wextra -Werror -fPIC -shared $< -o $@
build/host-release/bench/%: tests/bench/%.cc $(headers) $(bench_objects)
	@mkdir -p $(@D)
	@echo 'bench  $<'
	@$(host-release.compile) $(release_link) $< $(bench_objects) \
	  build/third_party/host/lib/libturbojpeg.a -o $@
build/host-release/bench/mqtt_peer: tests/bench/mqtt_peer.cc | need-host need-bench
	@mkdir -p $(@D)
	@echo 'bench  $<'
	@$(host-release.compile) -no-pie $< -lmosquitto -o $@

bench: build/host-release/camloop $(bench_programs) | need-bench
	/usr/bin/python3 -B tests/bench/run.py
	/usr/bin/python3 -B tests/bench/channel.py
	/usr/bin/python3 -B tests/bench/handshakes.py
	/usr/bin/python3 -B tests/bench/mqtt.py

# ---- Checks --------------------------------------------------------------------------------------

formatted := $(call under,src tests board,*.cc) $(call under,src tests board,*.[ch])

lint: $(sources:%=build/lint/%.tidy) | need-lint
	clang-format --dry-run -Werror $(formatted)

build/lint/%.tidy: % $(headers) .clang-tidy $(host.libraries) | need-lint
	@mkdir -p $(@D)
	@echo 'clang-tidy  $<'
	@clang-tidy --quiet $< -- $(language) $(host.includes) >$@.log 2>&1 || \
	  { cat $@.log >&2; false; }
	@touch $@

size: build/host-release/camloop build/v831-release/camloop
	@size $^
	@bytes=$$(stat -c %s build/v831-release/camloop); \
	echo "build/v831-release/camloop: $$bytes bytes of at most $(V831_BYTES_MAX)"; \
	[ $$bytes -le $(V831_BYTES_MAX) ]
