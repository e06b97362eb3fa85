/*
 * The formatter behind kprintf, snprintf and the files of /proc. It keeps
 * nothing between calls, allocates nothing and takes no lock, so that a panic
 * can use it. Also compiled for the host by its test (HOST_TEST), where the
 * names of printf.h become tine_*.
 *
 * Source: ISO C11, 7.21.6.1 (what the subset that we know must do).
 */
#include "lib/printf.h"
#include "lib/string.h"
#ifndef HOST_TEST
#include "lib/lines.h"
#include "lib/panic.h"
#endif

struct out {
	char *buf;
	size_t size;
	size_t len; /* of the whole text, also of what did not fit */
};

struct spec { /* one conversion: %[flags][width][.precision][length]conversion */
	bool left, zero, plus, space, alternate;
	int width;
	int precision; /* -1: not given */
	int length;    /* bytes of the argument: 1, 2, 4 or 8 */
};

static void put(struct out *out, char c)
{
	if (out->len + 1 < out->size)
		out->buf[out->len] = c;
	out->len++;
}

static void put_times(struct out *out, char c, int times)
{
	for (int i = 0; i < times; i++)
		put(out, c);
}

static void put_text(struct out *out, const struct spec *spec, const char *text, size_t len)
{
	int padding = (size_t)spec->width > len ? spec->width - (int)len : 0;

	put_times(out, ' ', spec->left ? 0 : padding);
	for (size_t i = 0; i < len; i++)
		put(out, text[i]);
	put_times(out, ' ', spec->left ? padding : 0);
}

static void put_string(struct out *out, const struct spec *spec, const char *s)
{
	if (!s)
		s = "(null)";
	put_text(out, spec, s, strnlen(s, spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision));
}

/* Digits of value with its prefix ("-", "0x"), padded to precision and width. */
static void put_number(struct out *out, const struct spec *spec, u64 value, unsigned base,
		       const char *digit_names, const char *prefix)
{
	char digits[24]; /* 22 octal digits are the most */
	int ndigits = 0;
	int prefix_len = (int)strlen(prefix);

	for (; value != 0; value /= base)
		digits[ndigits++] = digit_names[value % base];
	int nzeros = (spec->precision < 0 ? 1 : spec->precision) - ndigits;
	int padding = spec->width - prefix_len - ndigits - MAX(nzeros, 0);
	if (spec->zero && !spec->left && spec->precision < 0 && padding > 0) {
		nzeros = MAX(nzeros, 0) + padding;
		padding = 0;
	}
	put_times(out, ' ', spec->left ? 0 : padding);
	for (int i = 0; i < prefix_len; i++)
		put(out, prefix[i]);
	put_times(out, '0', nzeros);
	while (ndigits > 0)
		put(out, digits[--ndigits]);
	put_times(out, ' ', spec->left ? padding : 0);
}

static void put_signed(struct out *out, const struct spec *spec, s64 value)
{
	const char *sign = value < 0 ? "-" : spec->plus ? "+" : spec->space ? " " : "";

	put_number(out, spec, value < 0 ? -(u64)value : (u64)value, 10, "0123456789", sign);
}

static void put_hex(struct out *out, const struct spec *spec, u64 value, bool upper)
{
	const char *prefix = !spec->alternate || value == 0 ? "" : upper ? "0X" : "0x";

	put_number(out, spec, value, 16, upper ? "0123456789ABCDEF" : "0123456789abcdef", prefix);
}

static void put_octal(struct out *out, struct spec spec, u64 value)
{
	int ndigits = 0;
	const char *prefix = "";

	for (u64 rest = value; rest != 0; rest /= 8)
		ndigits++;
	if (spec.alternate && spec.precision < 0 && value != 0)
		prefix = "0";
	else if (spec.alternate && spec.precision >= 0 && spec.precision <= ndigits)
		spec.precision = ndigits + 1;
	put_number(out, &spec, value, 8, "01234567", prefix);
}

/* %p as 0x and digits; %pS as function+offset, or the plain address; %pL: and (file:line). */
static void put_pointer(struct out *out, struct spec spec, u64 value, char form)
{
#ifndef HOST_TEST
	char name[KSYM_NAME];
	u64 offset;
	struct line line;

	if (form && ksym_find(value, name, &offset)) {
		char text[128];
		size_t len = snprintf(text, sizeof text, "%s+%#lx", name, offset);
		if (form == 'L' && lines_find("", 0, value, &line) && line.line)
			len += snprintf(text + len, sizeof text - len, " (%s:%u)", line.file,
					line.line);
		put_text(out, &spec, text, MIN(len, sizeof text - 1));
		return;
	}
#else
	(void)form;
#endif
	put_number(out, &spec, value, 16, "0123456789abcdef", "0x");
}

static int parse_int(const char **fmt)
{
	const char *end;
	u64 value = parse_u64(*fmt, &end, 10);

	*fmt = end;
	return (int)MIN(value, 0xffffu);
}

/* What stands between '%' and the conversion letter. */
static const char *parse_spec(struct spec *spec, const char *fmt, va_list *args)
{
	*spec = (struct spec){.precision = -1, .length = 4};
	for (;; fmt++) {
		if (*fmt == '-')
			spec->left = true;
		else if (*fmt == '0')
			spec->zero = true;
		else if (*fmt == '+')
			spec->plus = true;
		else if (*fmt == ' ')
			spec->space = true;
		else if (*fmt == '#')
			spec->alternate = true;
		else
			break;
	}
	if (*fmt == '*') {
		fmt++;
		spec->width = va_arg(*args, int);
		if (spec->width < 0) {
			spec->left = true;
			spec->width = -spec->width;
		}
	} else {
		spec->width = parse_int(&fmt);
	}
	if (*fmt == '.') {
		fmt++;
		if (*fmt == '*') {
			fmt++;
			spec->precision = va_arg(*args, int);
		} else {
			spec->precision = parse_int(&fmt);
		}
	}
	for (; *fmt == 'h'; fmt++)
		spec->length /= 2;
	for (; *fmt == 'l' || *fmt == 'z'; fmt++)
		spec->length = 8;
	return fmt;
}

static s64 signed_arg(const struct spec *spec, va_list *args)
{
	if (spec->length == 8)
		return va_arg(*args, s64);
	int value = va_arg(*args, int);
	return spec->length == 4 ? value : spec->length == 2 ? (int16_t)value : (int8_t)value;
}

static u64 unsigned_arg(const struct spec *spec, va_list *args)
{
	if (spec->length == 8)
		return va_arg(*args, u64);
	u32 value = va_arg(*args, u32);
	return spec->length == 4 ? value : spec->length == 2 ? (u16)value : (u8)value;
}

/* One conversion, its letter at fmt; returns what follows it. */
static const char *convert(struct out *out, const struct spec *spec, const char *fmt,
			   va_list *args)
{
	char c;

	switch (*fmt++) {
	case 'd':
	case 'i':
		put_signed(out, spec, signed_arg(spec, args));
		break;
	case 'u':
		put_number(out, spec, unsigned_arg(spec, args), 10, "0123456789", "");
		break;
	case 'x':
	case 'X':
		put_hex(out, spec, unsigned_arg(spec, args), fmt[-1] == 'X');
		break;
	case 'o':
		put_octal(out, *spec, unsigned_arg(spec, args));
		break;
	case 'c':
		c = (char)va_arg(*args, int);
		put_text(out, spec, &c, 1);
		break;
	case 's':
		put_string(out, spec, va_arg(*args, const char *));
		break;
	case 'p':
		c = *fmt == 'S' || *fmt == 'L' ? *fmt++ : '\0';
		put_pointer(out, *spec, (u64)va_arg(*args, void *), c);
		break;
	case '%':
		put(out, '%');
		break;
	default: /* a letter that we do not know: show it, and take no argument */
		fmt--;
		put(out, '%');
		break;
	}
	return fmt;
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out out = {buf, size, 0};
	struct spec spec;
	va_list rest; /* a copy: an array parameter cannot be passed by its address */

	va_copy(rest, args);
	while (*fmt != '\0') {
		if (*fmt != '%') {
			put(&out, *fmt++);
			continue;
		}
		fmt = parse_spec(&spec, fmt + 1, &rest);
		fmt = convert(&out, &spec, fmt, &rest);
	}
	va_end(rest);
	if (size != 0)
		buf[MIN(out.len, size - 1)] = '\0';
	return (int)out.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int len = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return len;
}
