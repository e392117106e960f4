// SPDX-License-Identifier: GPL-2.0
/*
 * apmock - answer the AP instructions where the machine has none
 *
 * QEMU's emulated s390x CPU has no crypto adapters and raises an operation
 * exception for PQAP, NQAP and DQAP. This file, linked into the test kernel,
 * answers them from the die notifier chain as a machine would that has the
 * cards and domains of the kernel argument
 *
 *	apmock=CARD[,CARD...]:DOMAIN[,DOMAIN...]
 *
 * so that the AP bus, zcrypt and vfio_ap can run unchanged above it. The cards
 * exist just enough to be found, reset and assigned: no request is ever
 * processed. Without the argument nothing is registered.
 */

#include <linux/init.h>
#include <linux/kdebug.h>
#include <linux/kernel.h>
#include <linux/ptrace.h>
#include <linux/string.h>
#include <asm/ap.h>
#include <asm/facility.h>
#include "ap_bus.h"

#define FACILITY_QCI	12	/* PQAP(QCI) is there */
#define FACILITY_APFT	15	/* TAPQ reports facilities */

#define OP_NQAP		0xb2ad
#define OP_DQAP		0xb2ae
#define OP_PQAP		0xb2af
#define OP_LENGTH	4

/* PQAP's function code, in bits 24-31 of register 0 */
#define PQAP_TAPQ	0
#define PQAP_RAPQ	1
#define PQAP_ZAPQ	2
#define PQAP_AQIC	3
#define PQAP_QCI	4

/* What TAPQ leaves in register 2: a CEX7 CCA coprocessor, 8 requests deep */
#define TAPQ_FACILITIES	0x72000000UL
#define TAPQ_TYPE	13UL
#define TAPQ_DEPTH	(8UL - 1)
#define TAPQ_INFO	((TAPQ_FACILITIES << 32) | (TAPQ_TYPE << 24) | TAPQ_DEPTH)

static struct ap_config_info machine;

/* The masks of struct ap_config_info count bits from the most significant. */
static bool in_mask(const unsigned int *mask, unsigned int nr)
{
	return mask[nr / 32] & (0x80000000U >> (nr % 32));
}

static void add_to_mask(unsigned int *mask, unsigned int nr)
{
	mask[nr / 32] |= 0x80000000U >> (nr % 32);
}

static bool queue_exists(ap_qid_t qid)
{
	return in_mask(machine.apm, AP_QID_CARD(qid)) &&
	       in_mask(machine.aqm, AP_QID_QUEUE(qid));
}

static unsigned int answer_pqap(struct pt_regs *regs, ap_qid_t qid)
{
	unsigned int function = (regs->gprs[0] >> 24) & 0xff;

	if (function == PQAP_QCI) {
		memcpy((void *)regs->gprs[2], &machine, sizeof(machine));
		return AP_RESPONSE_NORMAL;
	}
	if (!queue_exists(qid))
		return AP_RESPONSE_Q_NOT_AVAIL;

	switch (function) {
	case PQAP_TAPQ:
		regs->gprs[2] = TAPQ_INFO;
		return AP_RESPONSE_NORMAL;
	case PQAP_RAPQ:
	case PQAP_ZAPQ:
	case PQAP_AQIC:
		return AP_RESPONSE_NORMAL;
	default:
		return AP_RESPONSE_INVALID_ADDRESS;
	}
}

static unsigned int answer(struct pt_regs *regs, unsigned int opcode)
{
	ap_qid_t qid = regs->gprs[0] & 0xffff;

	if (opcode == OP_PQAP)
		return answer_pqap(regs, qid);
	if (!queue_exists(qid))
		return AP_RESPONSE_Q_NOT_AVAIL;
	/* Refuse to take a request, so that whoever sends one fails at once. */
	return opcode == OP_NQAP ? AP_RESPONSE_REQ_FAC_NOT_INST :
				   AP_RESPONSE_NO_PENDING_REPLY;
}

static int apmock_notify(struct notifier_block *nb, unsigned long event, void *data)
{
	struct pt_regs *regs = ((struct die_args *)data)->regs;
	struct ap_queue_status status = { .queue_empty = 1 };
	u32 status_word;
	unsigned int opcode;

	if (event != DIE_BPT || user_mode(regs))
		return NOTIFY_DONE;
	/* An operation exception leaves the PSW behind the instruction. */
	opcode = *(u16 *)(regs->psw.addr - OP_LENGTH);
	if (opcode != OP_PQAP && opcode != OP_NQAP && opcode != OP_DQAP)
		return NOTIFY_DONE;

	status.response_code = answer(regs, opcode);
	memcpy(&status_word, &status, sizeof(status_word));
	regs->gprs[1] = status_word;
	/* condition code 3 goes with every response but the normal one */
	regs->psw.mask &= ~PSW_MASK_CC;
	if (status.response_code != AP_RESPONSE_NORMAL)
		regs->psw.mask |= PSW_MASK_CC;
	return NOTIFY_STOP;
}

static struct notifier_block apmock_notifier = {
	.notifier_call = apmock_notify,
	.priority = INT_MAX,
};

static void __init add_card(unsigned int nr)
{
	add_to_mask(machine.apm, nr);
}

static void __init add_domain(unsigned int nr)
{
	add_to_mask(machine.aqm, nr);
	add_to_mask(machine.adm, nr);
}

static char __init *parse_list(char *arg, void (*add)(unsigned int nr))
{
	for (;;) {
		unsigned long nr = simple_strtoul(arg, &arg, 0);

		if (nr < 256)
			add(nr);
		if (*arg != ',')
			return arg;
		arg++;
	}
}

/*
 * An early parameter, and the facilities set with it: the drivers' own
 * initialisation, which asks for both, comes later.
 */
static int __init apmock_setup(char *arg)
{
	if (!arg)
		return -EINVAL;
	arg = parse_list(arg, add_card);
	if (*arg != ':')
		return -EINVAL;
	parse_list(arg + 1, add_domain);

	machine.apsc = 1;
	machine.apxa = 1;
	machine.Na = 255;
	machine.Nd = 255;
	return 0;
}
early_param("apmock", apmock_setup);

static int __init apmock_init(void)
{
	if (!machine.apxa)
		return 0;
	__set_facility(FACILITY_QCI, stfle_fac_list);
	__set_facility(FACILITY_APFT, stfle_fac_list);
	pr_notice("apmock: imagined crypto cards, no AP hardware\n");
	return register_die_notifier(&apmock_notifier);
}
arch_initcall(apmock_init);
