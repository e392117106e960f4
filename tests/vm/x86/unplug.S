# SPDX-License-Identifier: GPL-2.0-or-later
# Firmware of a VM whose guest gives back each PCI device that it is asked for, and does nothing else: an
# operating system would take a minute to start where processors are emulated twice over.
#
# It does what the ACPI tables of QEMU's q35 have a kernel do (QEMU's docs/specs/acpi_pci_hotplug):
# select a bus, read which of its slots are to be ejected, write that back. Looks 18 times a second.

	.code16
	.set	PCIHP, 0xcc0		# q35's register block
	.set	DOWN, PCIHP + 4
	.set	EJECT, PCIHP + 8
	.set	SELECT, PCIHP + 16
	.set	BUSES, 16

	.macro	outb_to port, value
	mov	$\value, %al
	out	%al, $\port
	.endm

start:	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %ss
	mov	$0x1000, %sp
	movw	$tick, 8 * 4		# interrupt 8, the timer's
	movw	$0xf000, 8 * 4 + 2

	outb_to	0x20, 0x11		# the interrupt controller: from 8 on, the timer alone
	outb_to	0x21, 8
	outb_to	0x21, 4
	outb_to	0x21, 1
	outb_to	0x21, 0xfe

	lgdtl	%cs:table		# a data segment of 4 GiB, to reach the local APIC
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	mov	$8, %bx
	mov	%bx, %ds
	and	$0xfe, %al
	mov	%eax, %cr0
	mov	$0xfee00000, %ebx
	movl	$0x1ff, 0xf0(%ebx)	# on, and the interrupt controller is on its LINT0
	movl	$0x700, 0x350(%ebx)

look:	sti
	hlt
	xor	%ebx, %ebx
bus:	mov	$SELECT, %dx
	mov	%ebx, %eax
	out	%eax, %dx
	mov	$DOWN, %dx
	in	%dx, %eax
	test	%eax, %eax
	jz	next
	mov	$EJECT, %dx
	out	%eax, %dx
next:	inc	%ebx
	cmp	$BUSES, %ebx
	jb	bus
	jmp	look

tick:	push	%ax
	outb_to	0x20, 0x20
	pop	%ax
	iret

	.balign	8
gdt:	.quad	0, 0x00cf92000000ffff
table:	.word	15
	.long	0xf0000 + gdt

	.org	0xfff0			# where a processor begins
	jmp	start
	.org	0x10000
