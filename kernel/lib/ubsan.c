/*
 * What a DEBUG build's checks call (Makefile, CHECKS): the undefined behaviour
 * sanitizer where C says nothing of what comes next, and the stack protector
 * where a function has written past its local arrays. Each is a bug, and a panic.
 *
 * The compiler passes a struct that begins with the place, and the values, which
 * the backtrace shows better: gdb. Source: LLVM compiler-rt, ubsan_handlers.h;
 * gcc uses the same names.
 */
#ifdef DEBUG

#include "lib/panic.h"

struct place {
	const char *file;
	u32 line, column;
};

/* One handler per kind of error; the further arguments stay where they are. */
#define UBSAN_HANDLER(kind, what)                                                         \
	__noreturn void __ubsan_handle_##kind(const struct place *place);                 \
	__noreturn void __ubsan_handle_##kind(const struct place *place)                  \
	{                                                                                 \
		panic("undefined behaviour: %s at %s:%u:%u", what, place->file,           \
		      place->line, place->column);                                        \
	}

UBSAN_HANDLER(type_mismatch_v1, "use of a null pointer")
UBSAN_HANDLER(pointer_overflow, "pointer arithmetic overflows")
UBSAN_HANDLER(add_overflow, "signed addition overflows")
UBSAN_HANDLER(sub_overflow, "signed subtraction overflows")
UBSAN_HANDLER(mul_overflow, "signed multiplication overflows")
UBSAN_HANDLER(negate_overflow, "signed negation overflows")
UBSAN_HANDLER(divrem_overflow, "division by zero, or its result overflows")
UBSAN_HANDLER(shift_out_of_bounds, "shift by too much, or of a negative number")
UBSAN_HANDLER(out_of_bounds, "index out of an array's bounds")
UBSAN_HANDLER(load_invalid_value, "a bool or enum with no such value")
UBSAN_HANDLER(builtin_unreachable, "unreachable code is reached")
UBSAN_HANDLER(missing_return, "a function ends without its value")
UBSAN_HANDLER(vla_bound_not_positive, "array of no length")
UBSAN_HANDLER(nonnull_arg, "NULL for an argument that must not be")
UBSAN_HANDLER(invalid_builtin, "argument 0 for __builtin_ctz or clz")
UBSAN_HANDLER(function_type_mismatch, "function called by a pointer of another type")

/* Beside the local arrays of each function; the same for all, and odd enough to be seen. */
u64 __stack_chk_guard = 0x7a5e11c4a0ff00d5;

__noreturn void __stack_chk_fail(void);
__noreturn void __stack_chk_fail(void)
{
	panic("the stack canary is overwritten, in %pL", __builtin_return_address(0));
}

#endif
