/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decision bpf/judge.bpf.h takes, over the same masks, without a kernel; and the rule behind
 * it. tests/vm holds the two against each other.
 */
#ifndef HOLDFAST_POLICY_EVALUATE_H
#define HOLDFAST_POLICY_EVALUATE_H

#include "policy/compile.h"

/* What a process tries. Zero what does not apply. */
struct policy_act {
	uint64_t labels; /* the file's on OPEN; else all the process has read */
	uint32_t app;	 /* HF_APP_UNKNOWN = none verified */
	uint32_t uid;
	unsigned int channel; /* enum hf_channel */
	bool has_destination; /* NETWORK, PRINT: address and port are given; else nothing is exempt by place */
	uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
	uint16_t port;	     /* host byte order */
	uint64_t allow;	     /* REMOVABLE, RAWDISK: policy_device_allow() of the device */
};

struct policy_decision {
	enum hf_verdict verdict;
	uint64_t decided;   /* the labels that made it; 0 when allowed */
	uint64_t rehearsed; /* of those, labels that would have been refused without rehearsal */
	uint64_t
		follow; /* LOCAL_FILE, PASS, when not refused: labels the file or receiver inherits */
};

/* Never fails: a channel or application out of range is judged as block on all labels. */
void policy_evaluate(const struct policy_compiled *compiled, const struct policy_act *act,
	struct policy_decision *ret_decision);

/* Labels that may go to the act's address and port (hf_dest by longest prefix). */
uint64_t policy_dest_allow(const struct policy_compiled *compiled, const struct policy_act *act);

/* A printer's port: what goes to one is a matter of both channels, print and network. */
bool policy_port_is_print(uint16_t port);

/* Labels that except-user lets uid take through channel. */
uint64_t policy_granted(const struct policy_compiled *compiled, uint32_t uid, unsigned int channel);

/*
 * What to name as the reason: the origin of the strictest decided label on this channel, the lowest
 * bit when several are as strict. NULL when decided holds no label of this policy. Borrowed.
 */
const struct policy_origin *policy_rule_for(const struct policy_compiled *compiled,
	unsigned int channel, uint64_t decided, unsigned int *ret_bit);

#endif
