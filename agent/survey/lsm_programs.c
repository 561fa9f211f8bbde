/* SPDX-License-Identifier: Apache-2.0 */
/* BPF programs that decide beside ours: how many the kernel names. bpf(2), as root. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/survey/survey.h"
#include "common/cleanup.h"

#define PROGRAMS_MAX 65536 /* looked at */

static long bpf(enum bpf_cmd command, union bpf_attr *attributes)
{
	return syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

/* 1, 0; negative errno when it can't be known. Gone meanwhile: 0. */
static int is_lsm(uint32_t id)
{
	union bpf_attr attributes = {.prog_id = id};
	struct bpf_prog_info info = {0};
	auto_close int fd = (int)bpf(BPF_PROG_GET_FD_BY_ID, &attributes);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	attributes = (union bpf_attr){.info = {.bpf_fd = (uint32_t)fd,
					      .info_len = sizeof(info),
					      .info = (uint64_t)(uintptr_t)&info}};
	if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes) < 0)
		return -errno;
	return info.type == BPF_PROG_TYPE_LSM;
}

int survey_lsm_programs(void)
{
	union bpf_attr next = {0};
	int count = 0;

	for (unsigned int i = 0; i < PROGRAMS_MAX; i++) {
		int r;

		if (bpf(BPF_PROG_GET_NEXT_ID, &next) < 0)
			return errno == ENOENT ? count : -1;
		r = is_lsm(next.next_id);
		if (r < 0)
			return -1;
		count += r;
		next.start_id = next.next_id;
	}
	return -1;
}
