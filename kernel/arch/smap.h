/*
 * STAC and CLAC for assembly: opening and closing the user half to the kernel
 * where the CPU has SMAP. In the image each is a 3-byte NOP; features_init
 * patches the sites at boot (SDM vol. 2, STAC: #UD without SMAP).
 */
#ifndef ARCH_SMAP_H
#define ARCH_SMAP_H

#ifdef __ASSEMBLER__
.macro SMAP_SITE last_opcode_byte
.Lsmap_site\@:
	.byte	0x0f, 0x1f, 0x00
	.pushsection .smap_sites, "a"
	.quad	.Lsmap_site\@
	.quad	\last_opcode_byte
	.popsection
.endm

.macro SMAP_CLAC
	SMAP_SITE 0xca
.endm

.macro SMAP_STAC
	SMAP_SITE 0xcb
.endm
#endif

#endif
