# Tine: build, run, test and debug the kernel.
#
#   make run     install what is missing, build, boot the ISO in QEMU on this terminal
#   make test    install what is missing, build, run every test
#   make help    all targets and options
#
# Everything made goes to build/ (build/debug with DEBUG=1). Objects remember the flags that
# they were made with ($(B)/*.flags), so a change of CC, CI or DEBUG rebuilds what it must.
# The kernel is linked twice: the second time with a table of its own symbols (tools/ksyms),
# which lets a panic name functions.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.SECONDARY:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

# Options --------------------------------------------------------------------------------------

DEBUG  ?=
CI     ?=
V      ?=
VGA    ?=
KVM    ?=
MEM    ?= 256
CPUS   ?= 1
ROOT   ?=
B      := $(if $(filter 1,$(DEBUG)),build/debug,build)

ifeq ($(V),1)
Q    :=
say   = @:
else
Q    := @
say   = @printf '  %-7s %s\n'
endif

# Tools ----------------------------------------------------------------------------------------

have = $(shell command -v $(1) 2>/dev/null)

# A cross compiler where there is one; else the native one, which `tools/setup` checks.
ifeq ($(origin CROSS_COMPILE),undefined)
CROSS_COMPILE := $(if $(call have,x86_64-linux-gnu-gcc),x86_64-linux-gnu-,$(if \
                   $(call have,x86_64-elf-gcc),x86_64-elf-))
endif
ifeq ($(origin CC),default)
CC := $(CROSS_COMPILE)gcc
endif
LD      := $(if $(call have,$(CROSS_COMPILE)ld),$(CROSS_COMPILE)ld,ld.lld)
STRIP   := $(if $(call have,$(CROSS_COMPILE)strip),$(CROSS_COMPILE)strip,llvm-strip)
NM      := $(if $(call have,$(CROSS_COMPILE)nm),$(CROSS_COMPILE)nm,llvm-nm)
MKRESCUE := $(if $(call have,grub-mkrescue),grub-mkrescue,grub2-mkrescue)
QEMU    ?= qemu-system-x86_64
PYTHON  ?= python3
GDB     ?= gdb
HOSTCC  ?= cc
USERCC  ?= $(firstword $(call have,musl-gcc) $(call have,x86_64-linux-musl-gcc) musl-gcc)
BUSYBOX ?= $(firstword $(call have,busybox) /bin/busybox)

# Flags ----------------------------------------------------------------------------------------

IS_CLANG := $(findstring clang,$(notdir $(firstword $(CC))))
WERROR   := $(if $(filter true 1,$(CI)),-Werror)

WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef $(WERROR)
ARCH     := -mcmodel=kernel -mno-red-zone -mgeneral-regs-only $(if $(IS_CLANG),--target=x86_64-elf)
# Call-frame information goes to .debug_frame only: gdb reads it there, and it is not loaded.
CODEGEN  := -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fno-omit-frame-pointer \
            -fno-strict-aliasing -fno-asynchronous-unwind-tables
# From gcc 15 on, {0} may leave bytes of a union as they were: nothing of the kernel's stack
# must reach a program that way.
ZERO_INIT := -fzero-init-padding-bits=all
CODEGEN  += $(shell $(CC) $(ZERO_INIT) -E -x c /dev/null >/dev/null 2>&1 && echo $(ZERO_INIT))
# A DEBUG build checks itself: ranks of locks, poisoned memory (-DDEBUG), undefined behaviour and
# stack canaries (kernel/lib/ubsan.c). Not alignment: the end of a list is no whole element.
CHECKS   := -fsanitize=undefined -fno-sanitize=alignment \
            -fstack-protector-strong -mstack-protector-guard=global
# Padding in front of functions and loops is instructions that a fetch has to pass.
OPT      := $(if $(filter 1,$(DEBUG)),-Og -DDEBUG,-O2 -falign-functions=1 -falign-loops=1 \
            $(if $(IS_CLANG),,-falign-jumps=1 -falign-labels=1))
# What programs do thousands of times a second is built for speed, the rest for DESIGN's 300 KiB.
HOT_IN = $(patsubst %,kernel/$(1)/%.c,$(2))
HOT    := kernel/sync/% kernel/lib/string.c $(call HOT_IN,syscall,dispatch ids time_calls) \
          $(call HOT_IN,arch,irq lapic mmu shootdown thread time traps) \
          $(call HOT_IN,mm,fault heap kmap map mapping mm page page_boot tlb tree tree_gap \
            tree_put tree_range uaccess) \
          $(call HOT_IN,proc,clone clone_calls creds deliver elf exec exec_args exit futex \
            futex_ops pid sched sched_cpus sigframe sighand signal task timer wait) \
          $(call HOT_IN,fs,dentry file files inode open pages path pipe poll ramfs rw stat)
# gcc has -Oz from 12 on; it is 1 % smaller than -Os.
SMALL    := $(if $(shell $(CC) -Oz -E -x c /dev/null >/dev/null 2>&1 && echo 1),-Oz,-Os)
COLD_OPT := $(if $(filter 1,$(DEBUG)),,$(SMALL))
CPPFLAGS := -Ikernel -MMD -MP
CFLAGS   := -std=gnu11 $(OPT) -g $(ARCH) $(CODEGEN) $(if $(filter 1,$(DEBUG)),$(CHECKS)) $(WARN)
ASFLAGS  := -g $(ARCH) $(CODEGEN) $(if $(WERROR),-Werror)
LDFLAGS  := -nostdlib -static -z noexecstack -z max-page-size=4096 -T linker.ld

# User programs are plain Linux programs: musl, static, no header of Tine's.
USERFLAGS := -std=gnu11 $(if $(filter 1,$(DEBUG)),-Og,-O2) -g -Wall -Wextra $(WERROR)

# Files ----------------------------------------------------------------------------------------

KSRC  := $(sort $(wildcard boot/*.S boot/*.c kernel/*.c kernel/*/*.c kernel/*/*.S))
KOBJ  := $(patsubst %,$(B)/obj/%.o,$(KSRC))
KERNEL := $(B)/tine.elf
BASE   := $(B)/root.cpio
ISO    := $(B)/tine.iso

# user/NAME.c is one program; so is a folder user/NAME/ of several files.
USER_DIRS := $(patsubst user/%/,%,$(sort $(dir $(wildcard user/*/*.c))))
USER_ONE  := $(patsubst user/%.c,%,$(sort $(wildcard user/*.c)))
USER      := $(USER_ONE) $(USER_DIRS)
USER_BIN  := $(USER:%=$(B)/user/%)

GUEST_TESTS := $(patsubst tests/guest/%.c,$(B)/tests/guest/%,$(sort $(wildcard tests/guest/*.c)))
GLIBC_DEMOS := $(patsubst %,$(B)/glibc/%,$(filter-out init,$(USER_ONE)))
BENCH_BIN   := $(B)/tests/bench/bench $(B)/tests/bench/image_1MiB
HOST_TESTS  := $(patsubst tests/host/%.c,$(B)/tests/host/%,$(sort $(wildcard tests/host/*.c)))

# Targets --------------------------------------------------------------------------------------

.PHONY: all kernel user root iso tests run test bench bench-record bench-program gdb record replay \
        profile trace compdb record-expected clean help FORCE
all: kernel root
kernel: $(KERNEL)
user: $(USER_BIN)
root: $(BASE)
iso: $(ISO)
tests: $(GUEST_TESTS) $(GLIBC_DEMOS) $(HOST_TESTS) $(BENCH_BIN)
bench-program: $(BENCH_BIN)

help:
	@echo 'make              build the kernel and its root archive'
	@echo 'make run          set up, build, boot in QEMU here (leave: exit, or Ctrl-A then X)'
	@echo '                  VGA=1 opens a window, KVM=1 uses the host CPU, CPUS=$(CPUS) MEM=$(MEM)'
	@echo '                  ROOT=ARCHIVE adds an archive of tools/debroot to the root'
	@echo 'make test         set up, build, run all tests; make tests only builds them'
	@echo '                  TESTS=tests/host.t runs one driver'
	@echo 'make bench        set up, build, measure Tine and Linux side by side: build/bench'
	@echo '                  QUICK=1 takes 2 minutes; BENCH="fork_return pipe" these lines only;'
	@echo '                  RUNS=3 by the clock, BENCH_LINUX=FILE another Linux, or none'
	@echo 'make bench-record the same, kept as baseline and in docs/bench'
	@echo 'make gdb          debug build, QEMU stopped at the entry, gdb here'
	@echo '                  PROG="cow" runs one program; GDBARGS="-batch -ex ..." for scripts'
	@echo 'make record       a session in this terminal, recorded; PROG="forkdemo" MEM=$(MEM)'
	@echo 'make replay       gdb on the recording, forward and backward; RECORD=NAME keeps several'
	@echo 'make profile CMD="forkdemo"   which functions, kernel and user, spend its instructions'
	@echo '                  PROFILE="--callers" and more: tools/profile --help'
	@echo "make trace CMD=\"sh -c 'ls | wc'\"   its system calls, as strace -f shows them"
	@echo '                  TRACE="--json FILE --html FILE" and more: tools/trace --help'
	@echo 'make iso|root|user|kernel   one part'
	@echo 'make compdb       compile_commands.json for editors'
	@echo 'make record-expected   write tests/guest/expected/ from Linux'
	@echo 'make clean        remove build/'
	@echo 'Options: V=1 shows commands, DEBUG=1 builds to build/debug with -Og,'
	@echo '         CC=clang, CROSS_COMPILE=x86_64-elf-, CI=true makes warnings errors'

# As many jobs as processors, unless the caller said.
J = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2))

# Set-up may install the compiler, so what comes after it is a new make that looks again.
run:
	@tools/setup
	@$(MAKE) $(J) iso ROOT='$(ROOT)'
	@KVM='$(KVM)' VGA='$(VGA)' MEM='$(MEM)' CPUS='$(CPUS)' QEMU='$(QEMU)' tools/run $(ISO)

test:
	@tools/setup
	@tools/setup --browsers || true
	@$(MAKE) $(J) all iso
	@$(MAKE) $(J) DEBUG=1 kernel root
	@$(MAKE) $(J) -k tests || echo 'What did not compile counts as failed below.'
	@TINE_BUILD='$(CURDIR)/$(B)' tests/run $(TESTS)

# Plots and Linux need more packages; without them the rest still comes (tools/bench/run says how).
bench bench-record:
	@tools/setup
	@tools/setup --plots || true
	@$(MAKE) $(J) all bench-program
	@BENCH_LINUX='$(BENCH_LINUX)' TINE_BUILD='$(CURDIR)/$(B)' QEMU='$(QEMU)' tools/bench/run \
		$(if $(RUNS),--runs $(RUNS)) $(if $(QUICK),--quick) $(if $(filter %-record,$@),--record) \
		$(BENCH)

gdb:
	@tools/setup
	@$(MAKE) $(J) DEBUG=1 kernel root
	@PROG='$(PROG)' MEM='$(MEM)' CPUS='$(CPUS)' QEMU='$(QEMU)' GDB='$(GDB)' \
		tools/gdb/run $(GDBARGS)

record:
	@tools/setup
	@$(MAKE) $(J) DEBUG=1 kernel root
	@PROG='$(PROG)' MEM='$(MEM)' CPUS='$(CPUS)' KVM='$(KVM)' QEMU='$(QEMU)' RECORD='$(RECORD)' \
		tools/gdb/record

# Not built anew: the recording has its own kernel.
replay:
	@tools/setup
	@RECORD='$(RECORD)' QEMU='$(QEMU)' GDB='$(GDB)' LIMIT='$(LIMIT)' tools/gdb/replay $(GDBARGS)

profile:
	@tools/setup
	@$(MAKE) $(J) all
	@TINE_BUILD='$(CURDIR)/$(B)' QEMU='$(QEMU)' tools/profile $(PROFILE) -- $(or $(CMD),forkdemo)

trace:
	@tools/setup
	@$(MAKE) $(J) all
	@TINE_BUILD='$(CURDIR)/$(B)' QEMU='$(QEMU)' tools/trace $(or $(TRACE),-f) -- $(or $(CMD),forkdemo)

record-expected: tests
	tests/record

clean:
	rm -rf build compile_commands.json

# Flags files: rewritten only when their text changes, and everything depends on its own.
remember = $(Q)mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || \
	printf '%s\n' '$(subst ','\'',$(1))' >$@
need = command -v $(firstword $(1)) >/dev/null || \
	{ echo "$(firstword $(1)) not found: run tools/setup" >&2; exit 1; }

$(B)/kernel.flags: FORCE
	@$(call need,$(CC))
	$(call remember,$(CC) $(CFLAGS) $(COLD_OPT) $(HOT) $(ASFLAGS) $(LD) $(LDFLAGS) $(KSRC))
$(B)/user.flags: FORCE
	@$(call need,$(USERCC))
	$(call remember,$(USERCC) $(USERFLAGS))
$(B)/root.flags: FORCE
	$(call remember,$(BUSYBOX) $(USER))
$(B)/host.flags: FORCE
	$(call remember,$(HOSTCC) $(HOSTFLAGS))

# Kernel ---------------------------------------------------------------------------------------

$(B)/obj/boot/%.c.o: boot/%.c $(B)/kernel.flags Makefile
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(if $(filter $(HOT),$<),,$(COLD_OPT)) -c $< -o $@
$(B)/obj/kernel/%.c.o: kernel/%.c $(B)/kernel.flags Makefile
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(if $(filter $(HOT),$<),,$(COLD_OPT)) -c $< -o $@
$(B)/obj/%.S.o: %.S $(B)/kernel.flags Makefile
	$(say) AS $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ASFLAGS) -D__ASSEMBLER__=1 -c $< -o $@

$(B)/tine.pass1: $(KOBJ) linker.ld $(B)/kernel.flags
	$(say) LD $@
	$(Q)$(LD) $(LDFLAGS) $(KOBJ) -o $@
$(B)/kernel.lines: $(B)/tine.pass1 tools/lines
	$(say) LINES $@
	$(Q)$(PYTHON) tools/lines -o $@ --kernel $<
$(B)/ksyms.S: $(B)/tine.pass1 $(B)/kernel.lines tools/ksyms
	$(say) KSYMS $@
	$(Q)$(NM) -n $< | $(PYTHON) tools/ksyms $(B)/kernel.lines >$@
$(B)/obj/ksyms.o: $(B)/ksyms.S
	$(Q)$(CC) $(ASFLAGS) -c $< -o $@
# The table is right only if the code lies where it lay in pass 1.
$(KERNEL): $(B)/obj/ksyms.o $(B)/tine.pass1
	$(say) LD $@
	$(Q)$(LD) $(LDFLAGS) $(KOBJ) $(B)/obj/ksyms.o -o $@.new
	$(Q)$(NM) -n $(B)/tine.pass1 | grep ' [tTwW] ' >$(B)/ksyms.1
	$(Q)$(NM) -n $@.new | grep ' [tTwW] ' | cmp - $(B)/ksyms.1 || \
		{ echo 'ksyms: code moved between the two links: see linker.ld' >&2; exit 1; }
	$(Q)rm -f $(B)/ksyms.1; mv $@.new $@

# User programs, the root archive, the ISO --------------------------------------------------------

define user_program
$(B)/user/$(1): $$(patsubst %,$(B)/obj/%.o,$(2))
	$$(say) LINK $$@
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(USERCC) -static $$^ -o $$@
endef
$(foreach p,$(USER_ONE),$(eval $(call user_program,$(p),user/$(p).c)))
$(foreach p,$(USER_DIRS),$(eval $(call user_program,$(p),$(sort $(wildcard user/$(p)/*.c)))))

$(B)/obj/user/%.c.o: user/%.c $(B)/user.flags Makefile
	$(say) USERCC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(USERCC) $(USERFLAGS) -MMD -MP -c $< -o $@

$(B)/user.lines: $(USER_BIN) tools/lines
	$(say) LINES $@
	$(Q)$(PYTHON) tools/lines -o $@ $(USER_BIN)

# What a panic needs to name lines of the kernel and of our programs goes with the root.
ROOT_LINES := $(B)/kernel.lines $(B)/user.lines
$(BASE): $(USER_BIN) $(ROOT_LINES) tools/mkroot tools/newc.py $(B)/root.flags
	$(say) ROOT $@
	$(Q)$(PYTHON) tools/mkroot -o $@ --busybox '$(BUSYBOX)' --lines $(ROOT_LINES) -- $(USER_BIN)

# ROOT=ARCHIVE: one of tools/debroot's, unpacked over ours.
$(B)/iso.flags: FORCE
	$(call remember,$(ROOT))
$(ISO): $(KERNEL) $(BASE) $(ROOT) $(B)/iso.flags boot/grub.cfg
	$(say) ISO $@
	$(Q)rm -rf $(B)/iso && mkdir -p $(B)/iso/boot/grub
	$(Q)$(STRIP) $(KERNEL) -o $(B)/iso/boot/tine.elf
	$(Q)cat $(BASE) $(ROOT) >$(B)/iso/boot/root.cpio && cp boot/grub.cfg $(B)/iso/boot/grub
	$(Q)$(MKRESCUE) -d "$${GRUB_PC:-$$(tools/setup --grub-pc)}" -o $@ $(B)/iso \
		--fonts= --themes= --locales= >$(B)/iso.log 2>&1 || { cat $(B)/iso.log >&2; exit 1; }

# Tests ----------------------------------------------------------------------------------------

# A guest test may say `cflags: …` and a host test `sources: …` in a comment.
noted = $(shell sed -n 's/^[ *\/]*$(1): *\([^*]*\).*/\1/p' $(2) | head -1)
HOSTFLAGS := -std=gnu11 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
             -fno-omit-frame-pointer -Ikernel -DHOST_TEST -Wall -Wextra $(WERROR)

$(B)/tests/guest/%: tests/guest/%.c $(B)/user.flags Makefile
	$(say) USERCC $<
	$(Q)mkdir -p $(@D) $(B)/obj/tests/guest
	$(Q)$(USERCC) $(USERFLAGS) $(call noted,cflags,$<) -MMD -MP -MF $(B)/obj/tests/guest/$*.d \
		-static $< -o $@

# The benchmark program, with the same flags in every build: only the kernel is to differ. Without
# debug information, which exec would map.
BENCHFLAGS := -std=gnu11 -O2 -fno-pie -s -Wall -Wextra $(WERROR)
BENCH_SRC  := $(filter-out %/image_1MiB.c,$(sort $(wildcard tests/bench/*.c)))
$(B)/bench.flags: FORCE
	$(call remember,$(USERCC) $(BENCHFLAGS) $(BENCH_SRC))
$(B)/tests/bench/bench: $(BENCH_SRC) tests/bench/bench.h
$(B)/tests/bench/image_1MiB: tests/bench/image_1MiB.c
$(B)/tests/bench/%: $(B)/bench.flags
	$(say) USERCC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(USERCC) $(BENCHFLAGS) -static $(filter %.c,$^) -o $@

# The demos once more, with glibc; where it is not there as a static library, none (tests/demos.t).
$(B)/glibc/%: user/%.c $(B)/user.flags Makefile
	$(say) GLIBC $<
	$(Q)mkdir -p $(@D)
	$(Q)case $$($(CC) -print-file-name=libc.a) in \
		/*) $(CC) $(USERFLAGS) -static -pthread $< -o $@ ;; \
		*) echo '  no static glibc: $@ is not built' ;; esac

# $(2): the files that it is made of; a file that one of them includes is not compiled by itself.
define host_test
$(B)/tests/host/$(1): $(2) $(B)/host.flags
	$$(say) HOSTCC $$<
	$$(Q)mkdir -p $$(@D) $(B)/obj/tests/host
	$$(Q)$$(HOSTCC) $$(HOSTFLAGS) -M -MP -MT $$@ $(2) >$(B)/obj/tests/host/$(1).d
	$$(Q)$$(HOSTCC) $$(HOSTFLAGS) $(2) -lcmocka -o $$@
endef
host_sources = tests/host/$(1).c $(call noted,sources,tests/host/$(1).c)
$(foreach t,$(HOST_TESTS:$(B)/tests/host/%=%),$(eval $(call host_test,$(t),$(call host_sources,$(t)))))

# The plugin of QEMU that counts for tools/profile; profile-api2.so is for QEMU 9 and later.
build/profile-api%.so: tools/profiler/plugin.c
	$(say) HOSTCC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu11 -O2 -Wall -Wextra $(WERROR) -shared -fPIC -DPLUGIN_API=$* $< -o $@

# Editors --------------------------------------------------------------------------------------

# $(1) files, $(2) the compiler and its flags.
entries = for f in $(1); do printf '%s{"directory": "%s", "file": "%s", "command": "%s"}' \
	"$$sep" '$(CURDIR)' "$$f" '$(2) -c '"$$f"; sep=', '; echo; done
compdb:
	@{ echo '['; sep=; $(call entries,$(filter %.c,$(KSRC)),$(CC) -Ikernel $(CFLAGS)); \
		$(call entries,$(wildcard user/*.c user/*/*.c tests/guest/*.c tests/bench/*.c),$(USERCC) $(USERFLAGS)); \
		echo ']'; } >compile_commands.json
	@echo 'compile_commands.json written'

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
