/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bringing the kernel part in: load, attach, pin, or adopt what an earlier agent pinned. Owns the
 * pin directory's layout: maps/NAME and links/HASH/NAME, HASH being the build of the object. An
 * upgrade attaches its own links before it removes the old ones: both enforce for a moment, never
 * none.
 */
#include "agent/sensor/kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/sensor/kernel_private.h"
#include "common/cleanup.h"

CLEANUP_DEFINE(struct bpf_object, bpf_object__close)
CLEANUP_DEFINE(struct kernel, kernel_close)

/* Maps the sensor itself uses; the others it only pins. */
static const char *const map_names[KERNEL_MAP_MAX] = {
	[KERNEL_MAP_TASKS] = "hf_tasks",
	[KERNEL_MAP_GROUPS] = "hf_groups",
	[KERNEL_MAP_INODES] = "hf_inodes",
	[KERNEL_MAP_INDEX] = "hf_index",
	[KERNEL_MAP_GONE] = "hf_gone",
	[KERNEL_MAP_DISKS] = "hf_disks",
	[KERNEL_MAP_BANKS] = "hf_banks",
	[KERNEL_MAP_DESTS] = "hf_dests",
	[KERNEL_MAP_SERVICES] = "hf_services",
	[KERNEL_MAP_ZONES] = "hf_zones",
	[KERNEL_MAP_EXEMPT] = "hf_exempt",
	[KERNEL_MAP_GRANTS] = "hf_grants",
	[KERNEL_MAP_VOLUMES] = "hf_volumes",
	[KERNEL_MAP_GATES] = "hf_gates",
	[KERNEL_MAP_VERIFIED] = "hf_verified",
	[KERNEL_MAP_AGENT] = "hf_agent",
	[KERNEL_MAP_REQUEST] = "hf_request",
	[KERNEL_MAP_RING] = "hf_ring",
	[KERNEL_MAP_COUNTERS] = "hf_counters",
	[KERNEL_MAP_GUARD_TASKS] = "hf_guard_tasks",
	[KERNEL_MAP_GUARD_MOUNTS] = "hf_guard_mounts",
	[KERNEL_MAP_GUARDED] = "hf_guarded",
	[KERNEL_MAP_DOOR] = "hf_door",
};

/* Names a build, guards against nothing. */
static uint64_t object_hash(const struct kernel_object *object)
{
	size_t size = 0;
	const void *bytes = object->bytes(&size);

	return kernel_hash_add(HF_HASH_BASIS, bytes, size);
}

static int ensure_directory(const char *path)
{
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

static int ensure_pin_directories(
	const char *pin_directory, uint64_t hash, char *ret_links, size_t size)
{
	char path[PATH_MAX];
	int r;

	r = ensure_directory(pin_directory);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/maps", pin_directory);
	r = ensure_directory(path);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s/links", pin_directory);
	r = ensure_directory(path);
	if (r < 0)
		return r;
	(void)snprintf(ret_links, size, "%s/links/%016" PRIx64, pin_directory, hash);
	return ensure_directory(ret_links);
}

/* Inner templates of the arrays-of-maps are not pinned: their outer map keeps what is in use. */
static int set_map_pins(struct bpf_object *object, const char *pin_directory)
{
	struct bpf_map *map;
	char path[PATH_MAX];
	int r;

	bpf_object__for_each_map(map, object)
	{
		const char *name = bpf_map__name(map);

		if (strstr(name, "_first") || strchr(name, '.'))
			continue;
		(void)snprintf(path, sizeof(path), "%s/maps/%s", pin_directory, name);
		r = bpf_map__set_pin_path(map, path);
		if (r < 0)
			return r;
	}
	return 0;
}

static int attach_and_pin(struct bpf_object *object, const char *links)
{
	struct bpf_program *program;
	char path[PATH_MAX];
	int r;

	bpf_object__for_each_program(program, object)
	{
		struct bpf_link *link;

		if (!bpf_program__autoload(program))
			continue;
		link = bpf_program__attach(program);
		if (!link)
			return -errno;
		r = snprintf(path, sizeof(path), "%s/%s", links, bpf_program__name(program));
		if (r < 0 || (size_t)r >= sizeof(path))
			return -ENAMETOOLONG;
		(void)unlink(path); /* a leftover of an attempt that did not finish */
		r = bpf_link__pin(link, path);
		if (r < 0) {
			(void)bpf_link__destroy(link); /* already failing */
			return r;
		}
		bpf_link__disconnect(link);    /* the pin holds it */
		(void)bpf_link__destroy(link); /* frees user memory only, after disconnect */
	}
	return 0;
}

static int remove_link_directory(int links_fd, const char *name)
{
	auto_close int fd = openat(links_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory;

	if (fd < 0)
		return -errno;
	directory = fdopendir(dup(fd));
	if (!directory)
		return -errno;
	for (struct dirent *entry; (entry = readdir(directory));)
		if (entry->d_name[0] != '.')
			(void)unlinkat(fd, entry->d_name, 0); /* rmdir below tells if any stayed */
	(void)closedir(directory);			      /* read only */
	return unlinkat(links_fd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* Takes away the links of every build but keep (NULL: of all). */
static int remove_links(const char *pin_directory, const char *keep)
{
	char path[PATH_MAX];
	DIR *directory;
	int r = 0;

	(void)snprintf(path, sizeof(path), "%s/links", pin_directory);
	directory = opendir(path);
	if (!directory)
		return errno == ENOENT ? 0 : -errno;
	for (struct dirent *entry; (entry = readdir(directory));) {
		if (entry->d_name[0] == '.' || (keep && !strcmp(entry->d_name, keep)))
			continue;
		r = remove_link_directory(dirfd(directory), entry->d_name);
		if (r < 0)
			break;
	}
	(void)closedir(directory); /* read only */
	return r;
}

static int open_maps(struct kernel *kernel, const char *pin_directory)
{
	char path[PATH_MAX];

	for (int i = 0; i < KERNEL_MAP_MAX; i++) {
		(void)snprintf(path, sizeof(path), "%s/maps/%s", pin_directory, map_names[i]);
		kernel->maps[i] = bpf_obj_get(path);
		if (kernel->maps[i] < 0)
			return -errno;
	}
	return 0;
}

/* Says which build is attached, whole; 0 = in the middle of it. */
static int set_object_hash(struct kernel *kernel, uint64_t hash)
{
	struct hf_agent agent = {.object_hash = hash};
	uint32_t zero = 0;

	if (bpf_map_update_elem(kernel->maps[KERNEL_MAP_AGENT], &zero, &agent, BPF_ANY) < 0)
		return -errno;
	return 0;
}

/* True when this very build is attached and pinned, whole. */
static bool is_adoptable(struct kernel *kernel, const char *links, uint64_t hash)
{
	struct hf_agent agent;
	uint32_t zero = 0;

	if (access(links, F_OK) < 0)
		return false;
	if (bpf_map_lookup_elem(kernel->maps[KERNEL_MAP_AGENT], &zero, &agent) < 0)
		return false;
	return agent.object_hash == hash;
}

static int load(
	const char *pin_directory, uint64_t hash, struct bpf_object *object, struct kernel *kernel)
{
	char links[PATH_MAX], keep[32];
	int r;

	r = ensure_pin_directories(pin_directory, hash, links, sizeof(links));
	if (r < 0)
		return r;
	r = set_map_pins(object, pin_directory);
	if (r < 0)
		return r;
	r = bpf_object__load(object);
	if (r < 0)
		return r;
	r = open_maps(kernel, pin_directory);
	if (r < 0)
		return r;
	r = set_object_hash(kernel, 0);
	if (r < 0)
		return r;
	/* Only who is in office takes pins away. The first of all is answered by nobody: nor guarded. */
	(void)kernel_hello(kernel);
	r = attach_and_pin(object, links);
	if (r < 0)
		return r;
	(void)snprintf(keep, sizeof(keep), "%016" PRIx64, hash);
	r = remove_links(pin_directory, keep);
	if (r < 0)
		return r;
	return set_object_hash(kernel, hash);
}

static int adopt(const char *pin_directory, uint64_t hash, struct kernel *kernel,
	struct kernel_support *support)
{
	char links[PATH_MAX];
	int r;

	r = open_maps(kernel, pin_directory);
	if (r < 0)
		return r;
	(void)snprintf(links, sizeof(links), "%s/links/%016" PRIx64, pin_directory, hash);
	if (!is_adoptable(kernel, links, hash))
		return -ESTALE;
	support->was_adopted = true;
	return 0;
}

/* The program behind one pinned link. */
static int open_program(struct kernel *kernel, const char *directory, const char *name)
{
	struct bpf_link_info info = {0};
	auto_close int link = -EBADF;
	uint32_t size = sizeof(info);
	char path[PATH_MAX];
	int r;

	r = snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (r < 0 || (size_t)r >= sizeof(path))
		return -ENAMETOOLONG;
	if (kernel->program_count == KERNEL_PROGRAM_MAX)
		return -E2BIG;
	link = bpf_obj_get(path);
	if (link < 0 || bpf_obj_get_info_by_fd(link, &info, &size) < 0)
		return -errno;
	r = bpf_prog_get_fd_by_id(info.prog_id);
	if (r < 0)
		return -errno;
	kernel->programs[kernel->program_count++] = r;
	return 0;
}

/* Kept, as kernel_misses() is called when the rights to open them are gone. */
static int open_programs(struct kernel *kernel, const char *pin_directory, uint64_t hash)
{
	char path[PATH_MAX];
	DIR *directory;
	int r = 0;

	(void)snprintf(path, sizeof(path), "%s/links/%016" PRIx64, pin_directory, hash);
	directory = opendir(path);
	if (!directory)
		return -errno;
	for (struct dirent *entry; r == 0 && (entry = readdir(directory));)
		if (entry->d_name[0] != '.')
			r = open_program(kernel, path, entry->d_name);
	(void)closedir(directory); /* read only */
	if (r < 0)
		return r;
	r = kernel_adopt_displays(path);
	return r < 0 ? r : kernel_readers_open(kernel, path);
}

static void close_maps(struct kernel *kernel)
{
	for (int i = 0; i < KERNEL_MAP_MAX; i++) {
		if (kernel->maps[i] >= 0)
			(void)close(kernel->maps[i]); /* the pin holds it */
		kernel->maps[i] = -EBADF;
	}
}

static struct kernel *kernel_new(void)
{
	struct kernel *kernel = calloc(1, sizeof(*kernel));

	if (!kernel)
		return NULL;
	kernel->poke_fd = -EBADF;
	kernel->readers_fd = -EBADF;
	for (int i = 0; i < KERNEL_MAP_MAX; i++)
		kernel->maps[i] = -EBADF;
	return kernel;
}

void kernel_close(struct kernel *kernel)
{
	if (!kernel)
		return;
	if (kernel->poke_fd >= 0)
		(void)close(kernel->poke_fd); /* read only */
	if (kernel->readers_fd >= 0)
		(void)close(kernel->readers_fd); /* the pin holds it */
	for (unsigned int i = 0; i < kernel->program_count; i++)
		(void)close(kernel->programs[i]); /* the pinned link holds it */
	close_maps(kernel);
	free(kernel);
}

static int object_open(const struct kernel_object *chosen, struct bpf_object **ret)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "holdfast");
	size_t size = 0;
	const void *bytes = chosen->bytes(&size);
	struct bpf_object *object = bpf_object__open_mem(bytes, size, &options);

	if (!object)
		return -errno;
	*ret = object;
	return 0;
}

/*
 * Loading read all of the object, which stays in memory as a part of this program: half a megabyte that nobody
 * looks at again. What is looked at is read from the file.
 */
static void object_bytes_release(const struct kernel_object *chosen)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	size_t size = 0;
	const void *bytes = chosen->bytes(&size);
	uintptr_t from = ((uintptr_t)bytes + page - 1) & ~(page - 1);
	uintptr_t to = ((uintptr_t)bytes + size) & ~(page - 1);

	if (to > from)
		(void)madvise((void *)from, to - from, MADV_DONTNEED); /* else it stays */
}

/* Ids of maps are not used again within a boot: pinned, it is the same; released and loaded, another. */
static int read_counts_id(const struct kernel *kernel, uint32_t *ret_id)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(kernel->maps[KERNEL_MAP_COUNTERS], &info, &size) < 0)
		return -errno;
	*ret_id = info.id;
	return 0;
}

int kernel_open(const char *pin_directory, struct kernel_support *ret_support, struct kernel **ret)
{
	auto_call(bpf_object__closep) struct bpf_object *object = NULL;
	auto_call(kernel_closep) struct kernel *kernel = kernel_new();
	const struct kernel_object *chosen;
	uint64_t hash;
	int r;

	memset(ret_support, 0, sizeof(*ret_support));
	if (!kernel)
		return -ENOMEM;
	chosen = kernel_support_choose(ret_support);
	if (!chosen)
		return -EOPNOTSUPP;
	kernel->is_baseline = chosen->is_baseline;
	hash = object_hash(chosen);
	r = object_open(chosen, &object);
	if (r < 0)
		return r;
	r = kernel_support_fit(object, ret_support);
	if (r < 0)
		return r;
	r = adopt(pin_directory, hash, kernel, ret_support);
	if (r < 0) {
		close_maps(kernel);
		r = load(pin_directory, hash, object, kernel);
	}
	if (r < 0)
		return r;
	r = open_programs(kernel, pin_directory, hash);
	if (r < 0)
		return r;
	r = read_counts_id(kernel, &ret_support->counts_id);
	if (r < 0)
		return r;
	kernel_guard_prune(kernel);
	r = kernel_hello(kernel);
	if (r < 0)
		return r;
	object_bytes_release(chosen);
	*ret = take_ptr(kernel);
	return 0;
}

/* Also those that only the kernel part uses: what they remember is of programs that are gone. */
static int remove_maps(const char *pin_directory)
{
	char path[PATH_MAX];
	DIR *directory;
	int r = 0;

	(void)snprintf(path, sizeof(path), "%s/maps", pin_directory);
	directory = opendir(path);
	if (!directory)
		return errno == ENOENT ? 0 : -errno;
	for (struct dirent *entry; r == 0 && (entry = readdir(directory));)
		if (entry->d_name[0] != '.' && unlinkat(dirfd(directory), entry->d_name, 0) < 0)
			r = -errno;
	(void)closedir(directory); /* read only */
	return r;
}

int kernel_unpin(const char *pin_directory)
{
	int r = remove_links(pin_directory, NULL);

	return r < 0 ? r : remove_maps(pin_directory);
}
