/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the running kernel can do: which build of the kernel part it takes, which programs are left
 * out, and the words for each reduction. Features are probed; versions are never looked at and
 * stand in the words only for the reader.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/sensor/kernel_private.h"
#include "bpf/holdfast.skel.h"
#include "bpf/holdfast_baseline.skel.h"
#include "common/cleanup.h"

#define LSM_LIST "/sys/kernel/security/lsm"

static bool lsm_list_has_bpf(void)
{
	char list[512] = "";
	auto_close int fd = open(LSM_LIST, O_RDONLY | O_CLOEXEC);
	ssize_t size;
	char *save = NULL;

	if (fd < 0)
		return false;
	size = read(fd, list, sizeof(list) - 1);
	if (size <= 0)
		return false;
	for (char *word = strtok_r(list, ",\n", &save); word; word = strtok_r(NULL, ",\n", &save))
		if (!strcmp(word, "bpf"))
			return true;
	return false;
}

/* Programs the object can do without, and what is then not seen or held; NULL: nothing. */
static const struct {
	const char *program;
	const char *without;
} optional_programs[] = {
	{"hf_pipe_read", "readers already waiting at a pipe are labelled at their next read only"},
	{"hf_core_dump", "core dumps to a helper are not followed"},
	{"hf_stream_received", "readers already waiting at a stream socket are labelled at their "
			       "next read only, and message buses are not followed"},
	{"hf_dgram_received", "readers already waiting at a datagram socket are labelled at their "
			      "next read only"},
	{"hf_seqpacket_received", "readers already waiting at a packet socket are labelled at "
				  "their next read only"},
	{"hf_stream_spliced", "splice from a socket by a waiting reader is not followed"},
	{"hf_splice", "splice between pipes is not followed"},
	{"hf_tee", "tee between pipes is not followed"},
	{"hf_vmsplice", "vmsplice into pipes is not followed"},
	{"hf_msgrcv", "SysV message queues are not followed"},
	{"hf_mq_send", "POSIX message queues are not followed"},
	{"hf_mq_receive", "POSIX message queues are not followed"},
	{"hf_tty_read", "pseudo-terminals are not followed"},
	{"hf_new_terminal", "labels of a closed terminal stay with its number"},
	{"hf_add_key", "payloads of keys are not followed"},
	{"hf_add_key_32", "payloads of keys added by 32-bit programs are not followed"},
	{"hf_update_key", "payloads of keys written anew are not followed"},
	{"hf_read_key", "payloads of keys are not followed"},
	{"hf_ring_made", "io_uring's rings that processes share are not followed"},
	{"hf_ring_message", "messages between io_uring's rings are not followed"},
	{"hf_bus_stream", "a program that is not to send a large message may lose its connection "
			  "to the message bus"},
	{"hf_adopt", "connections to displays that were there before the agent are not read"},
	{"hf_copied", "what is sent to displays is not read: captures are not seen"},
	{"hf_file_ioctl_compat", NULL}, /* where there is none, hf_file_ioctl is asked */
	{"hf_file_receive", "descriptors passed between processes are not checked on arrival"},
};

static void note_missing(struct kernel_support *support, const char *words)
{
	if (support->missing_count < KERNEL_MISSING_MAX)
		support->missing[support->missing_count++] = words;
}

static bool has_map_type(enum bpf_map_type type)
{
	return libbpf_probe_bpf_map_type(type, NULL) != 0; /* cannot probe: loading will tell */
}

static bool has_function(const char *name)
{
	return libbpf_find_vmlinux_btf_id(name, BPF_TRACE_FENTRY) > 0;
}

/* What no build can do without. False when one is missing. */
static bool has_requirements(struct kernel_support *support)
{
	static const struct {
		enum bpf_map_type type;
		const char *words;
	} maps[] = {
		{BPF_MAP_TYPE_INODE_STORAGE, "no BPF inode storage (CONFIG_BPF_LSM, Linux 5.10)"},
		{BPF_MAP_TYPE_RINGBUF, "no BPF ring buffer (Linux 5.8)"},
	};
	unsigned int before = support->missing_count;

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		if (!has_map_type(maps[i].type))
			note_missing(support, maps[i].words);
	return support->missing_count == before;
}

/* What the full build has over the baseline; all of it came with bpf_loop at the latest. */
static bool has_full_features(void)
{
	return has_map_type(BPF_MAP_TYPE_TASK_STORAGE) &&
	       libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_loop, NULL) != 0;
}

static void note_baseline(struct kernel_support *support)
{
	note_missing(support,
		"no BPF task storage (Linux 5.11): processes are followed in a table of 262,144; "
		"when it is full, labelled files and new processes that would need a place in it "
		"are refused");
	note_missing(support,
		"no atomic operations in BPF (Linux 5.12): labels are added under a lock; an act "
		"that does not get it in time is refused");
	note_missing(support,
		"no BPF socket storage in tracing (Linux 5.11): 16,384 labelled ends of unix "
		"sockets are followed; what is sent to more is refused");
	note_missing(support,
		"too little stack for BPF programs (before Linux 5.11): memory that processes "
		"share is not followed, nor are pseudo-terminals, extended attributes, the "
		"clipboard, captures of the screen and message buses");
	support->open_channels |= 1U << HF_CHANNEL_CLIPBOARD | 1U << HF_CHANNEL_SCREEN |
				  HF_OPEN_BUS;
	/* Its workers belong to the process since 5.12, and 5.10.162 of the long-term series. */
	if (has_function("io_wq_submit_work") && !has_function("create_io_thread"))
		note_missing(support,
			"io_uring works in kernel threads: what a labelled program does through it "
			"is judged as done by nobody, so that writing and sending get out");
}

const struct kernel_object *kernel_support_choose(struct kernel_support *support)
{
	static const struct kernel_object full = {holdfast_bpf__elf_bytes, false};
	static const struct kernel_object baseline = {holdfast_baseline_bpf__elf_bytes, true};

	support->has_bpf_lsm = lsm_list_has_bpf();
	if (!support->has_bpf_lsm) {
		note_missing(support, "BPF LSM is not active: add \"bpf\" to the lsm= list on the "
				      "kernel command line");
		return NULL;
	}
	if (!has_requirements(support))
		return NULL;
	if (has_full_features())
		return &full;
	note_baseline(support);
	return &baseline;
}

/* What the kernel part asks before it changes a program's request (bpf/message.bpf.h). */
static int set_features(struct bpf_object *object, struct kernel_support *support)
{
	const bool can_write = libbpf_probe_bpf_helper(
				       BPF_PROG_TYPE_KPROBE, BPF_FUNC_probe_write_user, NULL) > 0;
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata.features");

	if (!map)
		return 0; /* the baseline */
	if (!can_write)
		note_missing(support,
			"no changing of requests (lockdown): a program that is not to paste, or to "
			"send a message, loses its connection to the display or the message bus");
	return bpf_map__set_initial_value(map, &can_write, sizeof(can_write));
}

int kernel_support_fit(struct bpf_object *object, struct kernel_support *support)
{
	for (size_t i = 0; i < sizeof(optional_programs) / sizeof(optional_programs[0]); i++) {
		struct bpf_program *program = bpf_object__find_program_by_name(
			object, optional_programs[i].program);
		const char *section, *target;
		int r;

		if (!program)
			continue;
		section = bpf_program__section_name(program);
		target = strchr(section, '/') + 1;
		if (libbpf_find_vmlinux_btf_id(target, bpf_program__expected_attach_type(program)) >
			0)
			continue;
		r = bpf_program__set_autoload(program, false);
		if (r < 0)
			return r;
		if (optional_programs[i].without)
			note_missing(support, optional_programs[i].without);
	}
	return set_features(object, support);
}
