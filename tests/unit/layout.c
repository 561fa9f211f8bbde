/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The structs that bpf/ and user space share, as this compiler lays them out, held against what
 * clang says of them in its type information: a difference in padding or order fails here, not in
 * a map. A member that only one side knows fails too.
 */
#include <bpf/btf.h>
#include <criterion/criterion.h>
#include <stddef.h>
#include <string.h>

#include "bpf/control.h"
#include "bpf/events.h"

#define OBJECT	   "build/bpf/holdfast.bpf.o"
#define ALL_SHARED "build/tests/unit/bpf/shared.bpf.o"
#define MEMBER_MAX 40

struct member {
	const char *name;
	size_t offset, size;
};

struct layout {
	const char *name;
	size_t size;
	bool is_in_object; /* else only in ALL_SHARED */
	struct member members[MEMBER_MAX];
};

#define BEGIN(type, is_in_object)                         \
	{                                                 \
#type, sizeof(struct type), is_in_object, \
		{
#define M(type, member)                                                                       \
	{                                                                                     \
#member, offsetof(struct type, member), sizeof(((struct type *)NULL)->member) \
	}
#define END \
	}   \
	}

/* clang-format off */
static const struct layout layouts[] = {
	BEGIN(hf_record_header, true)
#define T hf_record_header
		M(T, type), M(T, version), M(T, size), M(T, cpu), M(T, sequence), M(T, ktime_ns),
#undef T
	END,
	BEGIN(hf_record, true)
#define T hf_record
		M(T, header), M(T, pid), M(T, tgid), M(T, uid), M(T, loginuid),
		M(T, start_ktime_ns), M(T, parent_tgid), M(T, app), M(T, tty), M(T, comm),
		M(T, channel), M(T, verdict), M(T, operation), M(T, reason), M(T, labels),
		M(T, decided), M(T, policy), M(T, inode), M(T, address), M(T, port), M(T, family),
		M(T, protocol), M(T, pad), M(T, target_tgid), M(T, coalesced), M(T, path_size),
		M(T, path_is_cut), M(T, path_is_within), M(T, path_is_payload), M(T, pad2),
		M(T, source), M(T, origins), M(T, path),
#undef T
	END,
	BEGIN(hf_screen_reader, false)
#define T hf_screen_reader
		M(T, labels), M(T, tgid), M(T, pad), M(T, origin), M(T, comm),
#undef T
	END,
	BEGIN(hf_screen_shown, false)
#define T hf_screen_shown
		M(T, kind), M(T, number), M(T, count), M(T, pad), M(T, readers),
#undef T
	END,
	BEGIN(hf_reader, false)
#define T hf_reader
		M(T, labels), M(T, since_ktime_ns), M(T, start_ktime_ns), M(T, tgid), M(T, uid), M(T, app),
		M(T, pad), M(T, comm), M(T, source), M(T, origins),
#undef T
	END,
	BEGIN(hf_source, true)
#define T hf_source
		M(T, start_ktime_ns), M(T, tgid), M(T, hop),
#undef T
	END,
	BEGIN(hf_origins, true)
#define T hf_origins
		M(T, count), M(T, is_many), M(T, keys),
#undef T
	END,
	BEGIN(hf_channel_masks, false)
#define T hf_channel_masks
		M(T, block), M(T, warn), M(T, audit), M(T, follow),
#undef T
	END,
	BEGIN(hf_app, false)
#define T hf_app
		M(T, open), M(T, except), M(T, flags), M(T, pad),
#undef T
	END,
	BEGIN(hf_bank, false)
#define T hf_bank
		M(T, serial), M(T, dest_slot), M(T, has_caches), M(T, screen), M(T, pad), M(T, channels), M(T, apps),
#undef T
	END,
	BEGIN(hf_dest_key, false)
#define T hf_dest_key
		M(T, prefixlen), M(T, address),
#undef T
	END,
	BEGIN(hf_dest, false)
#define T hf_dest
		M(T, allow), M(T, allow_print), M(T, port_first), M(T, port_last),
#undef T
	END,
	BEGIN(hf_volume, true)
#define T hf_volume
		M(T, channel), M(T, pad), M(T, allow), M(T, allow_raw),
#undef T
	END,
	BEGIN(hf_exempt_key, true)
#define T hf_exempt_key
		M(T, directory), M(T, app), M(T, kind),
#undef T
	END,
	BEGIN(hf_grant_key, true)
#define T hf_grant_key
		M(T, uid), M(T, channel), M(T, slot),
#undef T
	END,
	BEGIN(hf_grant, true)
#define T hf_grant
		M(T, labels), M(T, until_ktime_ns),
#undef T
	END,
	BEGIN(hf_gates, true)
#define T hf_gates
		M(T, shut), M(T, rehearse), M(T, state), M(T, protect), M(T, clock_tolerance_s),
		M(T, pad),
#undef T
	END,
	BEGIN(hf_gate_state, true)
#define T hf_gate_state
		M(T, leased), M(T, lease_until_ns), M(T, verified), M(T, out_of_zone), M(T, capture_until_ns),
#undef T
	END,
	BEGIN(hf_verified, true)
#define T hf_verified
		M(T, labels), M(T, until_ktime_ns),
#undef T
	END,
	BEGIN(hf_inode_key, true)
#define T hf_inode_key
		M(T, ino), M(T, subvolume), M(T, dev), M(T, generation),
#undef T
	END,
	BEGIN(hf_mark, true)
#define T hf_mark
		M(T, labels), M(T, flags), M(T, app),
#undef T
	END,
	BEGIN(hf_request, true)
#define T hf_request
		M(T, op), M(T, error), M(T, labels), M(T, flags), M(T, app), M(T, key),
		M(T, previous), M(T, own),
#undef T
	END,
	BEGIN(hf_state, true)
#define T hf_state
		M(T, sequence), M(T, label_generation), M(T, has_tainted), M(T, has_carried),
		M(T, has_labelled_socket), M(T, has_labelled_group), M(T, last_group), M(T, has_labelled_flow), M(T, has_labelled_property),
		M(T, has_bus), M(T, has_labelled_bus), M(T, has_display), M(T, has_shown),
		M(T, has_refused_display), M(T, pad), M(T, shown_by_more),
		M(T, shown_on_console),
#undef T
	END,
	BEGIN(hf_zones, true)
#define T hf_zones
		M(T, shut), M(T, rehearse), M(T, is_shut), M(T, pad),
#undef T
	END,
	BEGIN(hf_agent, true)
#define T hf_agent
		M(T, object_hash), M(T, start_ns), M(T, tgid), M(T, supervisor_tgid),
		M(T, supervisor_start_ns),
#undef T
	END,
	BEGIN(hf_door, true)
#define T hf_door
		M(T, until_ktime_ns), M(T, acts), M(T, pad),
#undef T
	END,
	BEGIN(hf_guarded, true)
#define T hf_guarded
		M(T, words), M(T, root), M(T, root_mount), M(T, mount_ns), M(T, disk_count),
		M(T, disks),
#undef T
	END,
};
/* clang-format on */

#define LAYOUT_COUNT (sizeof(layouts) / sizeof(layouts[0]))

static const struct member *member_find(const struct layout *layout, const char *name)
{
	for (size_t i = 0; i < MEMBER_MAX && layout->members[i].name; i++)
		if (!strcmp(layout->members[i].name, name))
			return &layout->members[i];
	return NULL;
}

static size_t member_count(const struct layout *layout)
{
	size_t count = 0;

	while (count < MEMBER_MAX && layout->members[count].name)
		count++;
	return count;
}

static void expect_same(const struct btf *btf, const struct layout *layout, __u32 id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	cr_expect_eq(type->size, layout->size, "%s: %u bytes in BPF, %zu here", layout->name,
		type->size, layout->size);
	cr_expect_eq(btf_vlen(type), member_count(layout), "%s: %u members in BPF, %zu here",
		layout->name, btf_vlen(type), member_count(layout));
	for (__u32 i = 0; i < btf_vlen(type); i++) {
		const struct btf_member *theirs = &btf_members(type)[i];
		const char *name = btf__name_by_offset(btf, theirs->name_off);
		const struct member *ours = member_find(layout, name);

		cr_assert(ours, "%s.%s is not in this test", layout->name, name);
		cr_expect_eq(btf_member_bit_offset(type, i), 8 * ours->offset,
			"%s.%s: bit %u in BPF, byte %zu here", layout->name, name,
			btf_member_bit_offset(type, i), ours->offset);
		cr_expect_eq(btf__resolve_size(btf, theirs->type), (long long)ours->size,
			"%s.%s: size", layout->name, name);
	}
}

static struct btf *object_parse(const char *path)
{
	struct btf *btf = btf__parse(path, NULL);

	cr_assert(btf, "cannot read '%s': run from the top directory", path);
	return btf;
}

Test(layout, the_object_that_is_loaded)
{
	struct btf *btf = object_parse(OBJECT);

	for (size_t i = 0; i < LAYOUT_COUNT; i++) {
		int id = btf__find_by_name_kind(btf, layouts[i].name, BTF_KIND_STRUCT);

		if (id < 0)
			cr_expect_not(layouts[i].is_in_object, "%s is gone from the object",
				layouts[i].name);
		else
			expect_same(btf, &layouts[i], (__u32)id);
	}
	btf__free(btf);
}

Test(layout, every_shared_struct)
{
	struct btf *btf = object_parse(ALL_SHARED);

	for (size_t i = 0; i < LAYOUT_COUNT; i++) {
		int id = btf__find_by_name_kind(btf, layouts[i].name, BTF_KIND_STRUCT);

		cr_assert_gt(id, 0, "%s", layouts[i].name);
		expect_same(btf, &layouts[i], (__u32)id);
	}
	btf__free(btf);
}

/* A struct that came to the shared headers must come to the table above. */
Test(layout, no_shared_struct_is_left_out)
{
	struct btf *btf = object_parse(ALL_SHARED);

	for (__u32 id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const char *name = btf__name_by_offset(btf, type->name_off);
		bool is_known = false;

		if (!btf_is_struct(type) || strncmp(name, "hf_", 3))
			continue;
		for (size_t i = 0; i < LAYOUT_COUNT; i++)
			is_known |= !strcmp(layouts[i].name, name);
		cr_expect(is_known, "%s", name);
	}
	btf__free(btf);
}

/* No byte of a record is a hole that clang or the kernel could leave unwritten. */
Test(layout, no_holes)
{
	for (size_t i = 0; i < LAYOUT_COUNT; i++) {
		size_t end = 0;

		for (size_t j = 0; j < member_count(&layouts[i]); j++) {
			cr_expect_eq(layouts[i].members[j].offset, end, "%s.%s", layouts[i].name,
				layouts[i].members[j].name);
			end = layouts[i].members[j].offset + layouts[i].members[j].size;
		}
		cr_expect_eq(end, layouts[i].size, "%s: its end", layouts[i].name);
	}
}
