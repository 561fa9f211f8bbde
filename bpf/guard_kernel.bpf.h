/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Guards of the machine below the agent: its own BPF maps and programs, kernel modules, another
 * kernel, the raw disk, the clock. Apart from the agent's own maps and programs these are what the
 * policy's [protection] says, as honest administrators do each of them at times.
 */
#ifndef HOLDFAST_BPF_GUARD_KERNEL_H
#define HOLDFAST_BPF_GUARD_KERNEL_H

#include "carry.bpf.h"
#include "guard_file.bpf.h"

/* Names begin "hf_"; those of constants and the like, "holdfast". Inner maps have such names too. */
static __always_inline bool is_our_object(const char *name)
{
	char begin[4] = "";

	bpf_probe_read_kernel(begin, sizeof(begin), name);
	if (begin[0] != 'h')
		return false;
	return (begin[1] == 'f' && begin[2] == '_') || (begin[1] == 'o' && begin[2] == 'l');
}

static __noinline int guard_bpf(bool is_ours)
{
	struct act act = {.operation = HF_OPERATION_BPF};

	return is_ours && guard_is_on() ? guard_self(&act) : 0;
}

/* Whoever gets a descriptor of a map or program, by number, by pin or by making it. */
SEC("lsm/bpf_map")
int BPF_PROG(hf_guard_map, struct bpf_map *map, fmode_t mode, int ret)
{
	return ret ? ret : guard_bpf(is_our_object(map->name));
}

SEC("lsm/bpf_prog")
int BPF_PROG(hf_guard_program, struct bpf_prog *program, int ret)
{
	return ret ? ret : guard_bpf(is_our_object(program->aux->name));
}

/* Programs that run in everybody's context can send signals to the agent from within. */
static __always_inline bool is_intrusive(__u32 type)
{
	switch (type) {
	case BPF_PROG_TYPE_KPROBE:
	case BPF_PROG_TYPE_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
	case BPF_PROG_TYPE_PERF_EVENT:
	case BPF_PROG_TYPE_TRACING:
	case BPF_PROG_TYPE_LSM:
	case BPF_PROG_TYPE_EXT:
	case BPF_PROG_TYPE_STRUCT_OPS:
		return true;
	default:
		return false;
	}
}

/* A labelled reader puts bytes of its own where BPF programs and other processes find them. */
static __noinline int bpf_put(int cmd)
{
	struct act act = {
		.channel = HF_CHANNEL_PASS,
		.operation = HF_OPERATION_BPF,
		.reason = HF_REASON_UNFOLLOWED,
	};

	if (cmd != BPF_MAP_UPDATE_ELEM && cmd != BPF_MAP_UPDATE_BATCH && cmd != BPF_PROG_LOAD &&
		cmd != BPF_BTF_LOAD && cmd != BPF_PROG_TEST_RUN)
		return 0;
	act.labels = taint_current();
	return act.labels ? judge(&act) : 0;
}

/*
 * Link descriptors need no guard: tracing links know neither detach nor update (kernel/bpf); an
 * iterator's link takes another program, which would have to be loaded first.
 */
SEC("lsm/bpf")
int BPF_PROG(hf_guard_load, int cmd, union bpf_attr *attr, unsigned int size, int ret)
{
	struct act act = {.operation = HF_OPERATION_BPF};
	__u32 type;

	if (ret)
		return ret;
	if (bpf_put(cmd))
		return -EPERM;
	if (cmd != BPF_PROG_LOAD)
		return 0;
	type = attr->prog_type;
	if (!is_intrusive(type) || is_agents_own())
		return 0;
	if (door_is_open(HF_DOOR_UPGRADE)) /* the next agent is not known yet */
		return 0;
	act.port = type;
	return guard_judge(&act, HF_PROTECTION_BPF);
}

/* The kernel's own request for a module comes from a child of one of its threads. */
static __noinline int guard_code(__u32 what, struct file *file)
{
	struct hf_state *state = state_get();
	struct act act = {.operation = HF_OPERATION_KEXEC};

	if (file) {
		act.dentry = file->f_path.dentry;
		act.mnt = file->f_path.mnt;
	}
	if (what == READING_KEXEC_IMAGE)
		return guard_judge(&act, HF_PROTECTION_KEXEC);
	if (what != READING_MODULE || !state || !state->has_tainted)
		return 0;
	if (kernel_read(current_task(), real_parent, flags) & PF_KTHREAD)
		return 0;
	act.operation = HF_OPERATION_MODULE;
	return guard_judge(&act, HF_PROTECTION_MODULES);
}

SEC("lsm/kernel_read_file")
int BPF_PROG(hf_guard_code_file, struct file *file, int what, bool contents, int ret)
{
	return ret ? ret : guard_code(what, file);
}

SEC("lsm/kernel_load_data")
int BPF_PROG(hf_guard_code_data, int what, bool contents, int ret)
{
	return ret ? ret : guard_code(what, NULL);
}

/* A block device was opened for writing. */
static __noinline int guard_open_disk(struct file *file)
{
	struct act act = {
		.operation = HF_OPERATION_RAW_WRITE,
		.dentry = file->f_path.dentry,
		.mnt = file->f_path.mnt,
	};

	if (!is_guarded_disk(file->f_inode->i_rdev))
		return 0;
	return guard_judge(&act, HF_PROTECTION_DISK);
}

#ifndef HF_BASELINE
#define TAI_OFFSET_MAX 60 /* TAI is at most so far ahead of the clock; 37 s today */

/* The clock of the day by a helper that came with 6.1; adjtimex(2) passes here only in part. */
SEC("lsm/settime")
int BPF_PROG(hf_guard_clock, const struct timespec64 *to, const void *zone, int ret)
{
	struct hf_gates *gates = bpf_map_lookup_elem(&hf_gates, &slot_zero);
	struct act act = {.operation = HF_OPERATION_CLOCK};
	__s64 now;

	if (ret)
		return ret;
	if (!gates || !to)
		return 0;
	now = bpf_ktime_get_tai_ns() / 1000000000;
	if (BPF_CORE_READ(to, tv_sec) + gates->clock_tolerance_s + TAI_OFFSET_MAX >= now)
		return 0;
	return guard_judge(&act, HF_PROTECTION_CLOCK);
}
#endif

#endif
