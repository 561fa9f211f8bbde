// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * One of each struct that bpf/ and user space share, for its type information only: never loaded.
 * The real object names the types of its plain maps, but not what lies in a policy's bank.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "control.h"
#include "events.h"

struct {
	struct hf_record record;
	struct hf_reader reader;
	struct hf_screen_reader screen_reader;
	struct hf_screen_shown screen_shown;
	struct hf_bank bank;
	struct hf_dest_key dest_key;
	struct hf_dest dest;
	struct hf_volume volume;
	struct hf_exempt_key exempt_key;
	struct hf_grant_key grant_key;
	struct hf_grant grant;
	struct hf_gates gates;
	struct hf_gate_state gate_state;
	struct hf_verified verified;
	struct hf_zones zones;
	struct hf_mark mark;
	struct hf_request request;
	struct hf_state state;
	struct hf_agent agent;
	struct hf_door door;
	struct hf_guarded guarded;
} shared;
