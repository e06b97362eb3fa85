/*
 * An ELF file on its way into a new address space: the program that exec was
 * asked for, and its dynamic linker, which Linux calls the ELF interpreter
 * (PT_INTERP; for Debian's programs /lib64/ld-linux-x86-64.so.2). The kernel
 * maps both and starts the linker; all else about shared libraries is done by
 * that one, in user mode, with mmap and mprotect. It learns from the auxiliary
 * vector where the program is (exec_args.c).
 */
#ifndef PROC_EXEC_IMAGE_H
#define PROC_EXEC_IMAGE_H

#include "mm/mm.h"
#include "proc/elf.h"

struct file;

struct image {
	struct file *file; /* counted by file_exec_get */
	struct elf_image elf;
	u64 bias;	   /* what to add to addresses of the file: where a PIE was moved to */
};

/* Lets go of the file, if there is one. */
void image_close(struct image *image);

/* Reads the headers of image->file, of which head holds the first bytes. 0, -ENOEXEC, -ENOMEM. */
int image_read(struct image *image, const void *head, size_t head_len);

/* Opens and reads the dynamic linker that the program names, if it names one. The errors of
 * opening it, -EIO if a file is too short, -ENOEXEC for its name, -ELIBBAD for what it is. */
int image_open_linker(const struct image *program, struct image *linker);

/* Maps all segments into an address space that nobody else sees yet, and chooses the bias:
 * the program is first, and the heap follows it; the linker goes where mmap would put it. */
int image_map_program(struct mm *mm, struct image *program);
int image_map_linker(struct mm *mm, struct image *linker);

#endif
