/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What a labelled reader shows on displays ends with it: see display.bpf.h. */
#ifndef HOLDFAST_BPF_SHOWN_H
#define HOLDFAST_BPF_SHOWN_H

#include "state.bpf.h"

#ifndef HF_BASELINE

static long shown_end_one(
	void *map, const struct hf_shown_key *key, struct hf_shown *shown, __u32 *tgid)
{
	struct hf_shown_key gone = *key;

	if (key->tgid == *tgid)
		(void)bpf_map_delete_elem(&hf_shown, &gone); /* raced: fine */
	return 0;
}

/* A process ends, or is no labelled reader any more: it shows nothing. */
static __noinline void display_show_end(struct hf_task *self)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;

	self->flags &= ~HF_TASK_SHOWS;
	(void)bpf_for_each_map_elem(&hf_shown, shown_end_one, &tgid, 0);
}

#endif
#endif
