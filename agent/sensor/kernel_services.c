/* SPDX-License-Identifier: Apache-2.0 */
/* Which services there are and which are shut, in the slot of a bank: see bpf/service.bpf.h. */
#include <errno.h>

#include "agent/sensor/kernel_private.h"
#include "common/cleanup.h"

static int zones_read(struct kernel *kernel, struct hf_zones *ret_zones)
{
	uint32_t zero = 0;

	return bpf_map_lookup_elem(kernel->maps[KERNEL_MAP_ZONES], &zero, ret_zones) < 0 ? -errno
											 : 0;
}

static int zones_write(struct kernel *kernel, struct hf_zones *zones)
{
	uint32_t zero = 0;

	zones->is_shut = (zones->shut[0] | zones->shut[1]) != 0;
	return bpf_map_update_elem(kernel->maps[KERNEL_MAP_ZONES], &zero, zones, BPF_ANY) < 0
		       ? -errno
		       : 0;
}

int kernel_services_place(
	struct kernel *kernel, uint32_t slot, const struct kernel_services *services)
{
	auto_close int fd = -EBADF;
	struct hf_zones zones;
	int r;

	r = zones_read(kernel, &zones);
	if (r < 0)
		return r;
	if (services->count) { /* else none is found, shut or not */
		fd = kernel_dest_map_new(services->dests, services->count);
		if (fd < 0)
			return fd;
		if (bpf_map_update_elem(kernel->maps[KERNEL_MAP_SERVICES], &slot, &fd, BPF_ANY) < 0)
			return -errno;
	}
	zones.shut[slot] = services->count ? services->shut : 0;
	zones.rehearse[slot] = services->rehearse;
	return zones_write(kernel, &zones);
}

int kernel_services_leave(struct kernel *kernel, uint32_t slot)
{
	struct hf_zones zones;
	int r;

	r = zones_read(kernel, &zones);
	if (r < 0)
		return r;
	zones.shut[slot] = zones.rehearse[slot] = 0;
	return zones_write(kernel, &zones);
}

int kernel_set_services(struct kernel *kernel, const struct kernel_services *services)
{
	return kernel_services_place(kernel, kernel_slot_in_force(kernel), services);
}

int kernel_set_shut(struct kernel *kernel, uint64_t shut)
{
	struct hf_zones zones;
	int r;

	r = zones_read(kernel, &zones);
	if (r < 0)
		return r;
	zones.shut[kernel_slot_in_force(kernel)] = shut;
	return zones_write(kernel, &zones);
}
