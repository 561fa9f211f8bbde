/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything the sensor writes into or reads from the kernel part that is not about one inode:
 * the policy bank, grants, gates, volumes, counters, the ring.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/sensor/kernel_private.h"
#include "common/cleanup.h"
#include "common/clock.h"

/* An inner map of the same shape as the templates in bpf/maps.bpf.h. */
static int bank_map_new(const struct hf_bank *bank)
{
	auto_close int fd = bpf_map_create(
		BPF_MAP_TYPE_ARRAY, "hf_bank", 4, sizeof(*bank), 1, NULL);
	uint32_t zero = 0;

	if (fd < 0)
		return -errno;
	if (bpf_map_update_elem(fd, &zero, bank, BPF_ANY) < 0)
		return -errno;
	return take_fd(fd);
}

int kernel_dest_map_new(const struct kernel_dest *dests, size_t count)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);
	auto_close int fd = bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "hf_dest",
		sizeof(struct hf_dest_key), sizeof(struct hf_dest), HF_DEST_MAX, &options);

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < count; i++)
		if (bpf_map_update_elem(fd, &dests[i].key, &dests[i].value, BPF_ANY) < 0)
			return -errno;
	return take_fd(fd);
}

uint32_t kernel_slot_in_force(struct kernel *kernel)
{
	static struct hf_bank scratch; /* too large for the stack */
	uint32_t zero = 0, id = 0;
	auto_close int fd = -EBADF;

	if (bpf_map_lookup_elem(kernel->maps[KERNEL_MAP_BANKS], &zero, &id) < 0)
		return 1;
	fd = bpf_map_get_fd_by_id(id);
	if (fd < 0 || bpf_map_lookup_elem(fd, &zero, &scratch) < 0)
		return 1;
	return scratch.dest_slot & 1;
}

int kernel_publish(struct kernel *kernel, const struct hf_bank *bank,
	const struct kernel_dest *dests, size_t dest_count, const struct kernel_services *services)
{
	auto_free struct hf_bank *next = malloc(sizeof(*next));
	auto_close int bank_fd = -EBADF, dest_fd = -EBADF;
	uint32_t zero = 0, slot;
	int r;

	if (!next)
		return -ENOMEM;
	if (dest_count > HF_DEST_MAX)
		return -E2BIG;
	slot = !kernel_slot_in_force(kernel);
	*next = *bank;
	next->dest_slot = slot;
	dest_fd = kernel_dest_map_new(dests, dest_count);
	if (dest_fd < 0)
		return dest_fd;
	bank_fd = bank_map_new(next);
	if (bank_fd < 0)
		return bank_fd;
	/* No bank in force points to this slot, so filling it is not seen. */
	if (bpf_map_update_elem(kernel->maps[KERNEL_MAP_DESTS], &slot, &dest_fd, BPF_ANY) < 0)
		return -errno;
	r = kernel_services_place(kernel, slot, services);
	if (r < 0)
		return r;
	if (bpf_map_update_elem(kernel->maps[KERNEL_MAP_BANKS], &zero, &bank_fd, BPF_ANY) < 0)
		return -errno;
	return kernel_services_leave(kernel, !slot);
}

/* Whether a grant in the kernel has a place beside these standing ones. */
static bool is_wanted(const struct hf_grant_key *key, const struct hf_grant *grant,
	const struct hf_grant_key *keys, size_t count)
{
	if (grant->until_ktime_ns != UINT64_MAX)
		return grant->until_ktime_ns >= clock_boot_ns();
	for (size_t i = 0; i < count; i++)
		if (keys[i].uid == key->uid && keys[i].channel == key->channel)
			return true;
	return false;
}

int kernel_set_standing_grants(struct kernel *kernel, const struct hf_grant_key *keys,
	const struct hf_grant *grants, size_t count)
{
	int map = kernel->maps[KERNEL_MAP_GRANTS];
	struct hf_grant_key key, next;
	struct hf_grant grant;
	int r;

	for (size_t i = 0; i < count; i++)
		if (bpf_map_update_elem(map, &keys[i], &grants[i], BPF_ANY) < 0)
			return errno == E2BIG ? -ENOSPC : -errno;
	r = bpf_map_get_next_key(map, NULL, &key);
	for (unsigned int i = 0; r == 0 && i < HF_GRANT_MAX; i++, key = next) {
		r = bpf_map_get_next_key(map, &key, &next);
		if (bpf_map_lookup_elem(map, &key, &grant) == 0 &&
			!is_wanted(&key, &grant, keys, count))
			(void)bpf_map_delete_elem(map, &key); /* gone already is as good */
	}
	return 0;
}

static uint64_t apart(uint64_t one, uint64_t other)
{
	return one > other ? one - other : other - one;
}

/*
 * The slot for a justified grant, and what is to stand there: one that is free or over; the one of
 * the same labels, until the later end; and when there is none, the one that ends nearest, for
 * the labels of both until the earlier end. No label is let through longer than was justified.
 */
static struct hf_grant grant_place(int map, struct hf_grant_key *key, const struct hf_grant *grant)
{
	struct hf_grant nearest = {0}, known;
	uint16_t free_slot = 0, nearest_slot = 0;

	for (key->slot = HF_GRANT_STANDING + 1; key->slot < HF_GRANT_SLOTS; key->slot++) {
		if (bpf_map_lookup_elem(map, key, &known) < 0 ||
			known.until_ktime_ns < clock_boot_ns()) {
			free_slot = key->slot;
			continue;
		}
		if (known.labels == grant->labels)
			return known.until_ktime_ns > grant->until_ktime_ns ? known : *grant;
		if (!nearest_slot || apart(known.until_ktime_ns, grant->until_ktime_ns) <
					     apart(nearest.until_ktime_ns, grant->until_ktime_ns)) {
			nearest = known;
			nearest_slot = key->slot;
		}
	}
	key->slot = free_slot ? free_slot : nearest_slot;
	if (free_slot)
		return *grant;
	nearest.labels |= grant->labels;
	if (nearest.until_ktime_ns > grant->until_ktime_ns)
		nearest.until_ktime_ns = grant->until_ktime_ns;
	return nearest;
}

int kernel_grant(
	struct kernel *kernel, const struct hf_grant_key *key, const struct hf_grant *grant)
{
	int map = kernel->maps[KERNEL_MAP_GRANTS];
	struct hf_grant_key slot = *key;
	struct hf_grant whole = grant_place(map, &slot, grant);

	if (bpf_map_update_elem(map, &slot, &whole, BPF_ANY) < 0)
		return errno == E2BIG ? -ENOSPC : -errno;
	return 0;
}

int kernel_set_exempt(struct kernel *kernel, const struct hf_exempt_key *key, uint64_t labels)
{
	int map = kernel->maps[KERNEL_MAP_EXEMPT];

	if (labels && bpf_map_update_elem(map, key, &labels, BPF_ANY) < 0)
		return errno == E2BIG ? -ENOSPC : -errno;
	if (!labels && bpf_map_delete_elem(map, key) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

void kernel_clear_exempts(struct kernel *kernel)
{
	int map = kernel->maps[KERNEL_MAP_EXEMPT];
	struct hf_exempt_key key;

	for (unsigned int i = 0; i < HF_EXEMPT_MAX; i++) {
		if (bpf_map_get_next_key(map, NULL, &key) < 0)
			return;
		(void)bpf_map_delete_elem(map, &key); /* gone already is as good */
	}
}

int kernel_set_gates(struct kernel *kernel, const struct hf_gates *gates)
{
	uint32_t zero = 0;

	if (bpf_map_update_elem(kernel->maps[KERNEL_MAP_GATES], &zero, gates, BPF_ANY) < 0)
		return -errno;
	return 0;
}

static bool is_nothing(const struct hf_verified *verified)
{
	uint64_t labels = 0;

	for (unsigned int i = 0; i < HF_VERIFY_SLOTS; i++)
		labels |= verified->labels[i];
	return labels == 0;
}

int kernel_set_verified(struct kernel *kernel, uint32_t uid, const struct hf_verified *verified)
{
	int map = kernel->maps[KERNEL_MAP_VERIFIED];

	if (!is_nothing(verified)) {
		if (bpf_map_update_elem(map, &uid, verified, BPF_ANY) < 0)
			return errno == E2BIG ? -ENOSPC : -errno;
	} else if (bpf_map_delete_elem(map, &uid) < 0 && errno != ENOENT) {
		return -errno;
	}
	return 0;
}

void kernel_clear_verified(struct kernel *kernel)
{
	int map = kernel->maps[KERNEL_MAP_VERIFIED];
	uint32_t uid;

	for (unsigned int i = 0; i < HF_VERIFY_MAX; i++) {
		if (bpf_map_get_next_key(map, NULL, &uid) < 0)
			return;
		(void)bpf_map_delete_elem(map, &uid); /* gone already is as good */
	}
}

int kernel_set_volume(struct kernel *kernel, uint32_t dev, const struct hf_volume *volume)
{
	if (bpf_map_update_elem(kernel->maps[KERNEL_MAP_VOLUMES], &dev, volume, BPF_ANY) < 0)
		return errno == E2BIG ? -ENOSPC : -errno;
	return 0;
}

int kernel_forget_volume(struct kernel *kernel, uint32_t dev)
{
	if (bpf_map_delete_elem(kernel->maps[KERNEL_MAP_VOLUMES], &dev) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

int kernel_counters(struct kernel *kernel, uint64_t ret_counters[static HF_COUNTER_MAX])
{
	int cpus = libbpf_num_possible_cpus();
	auto_free uint64_t *values = NULL;

	if (cpus < 0)
		return cpus;
	values = calloc((size_t)cpus, sizeof(*values));
	if (!values)
		return -ENOMEM;
	for (uint32_t i = 0; i < HF_COUNTER_MAX; i++) {
		if (bpf_map_lookup_elem(kernel->maps[KERNEL_MAP_COUNTERS], &i, values) < 0)
			return -errno;
		ret_counters[i] = 0;
		for (int cpu = 0; cpu < cpus; cpu++)
			ret_counters[i] += values[cpu];
	}
	return 0;
}

int kernel_misses(const struct kernel *kernel, uint64_t *ret_misses)
{
	uint64_t misses = 0;

	for (unsigned int i = 0; i < kernel->program_count; i++) {
		struct bpf_prog_info info = {0};
		uint32_t size = sizeof(info);

		if (bpf_obj_get_info_by_fd(kernel->programs[i], &info, &size) < 0)
			return -errno;
		misses += info.recursion_misses;
	}
	*ret_misses = misses;
	return 0;
}
