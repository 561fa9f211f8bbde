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
#include <sys/stat.h>
#include <unistd.h>

#include "agent/sensor/kernel_private.h"
#include "bpf/holdfast.skel.h"
#include "common/cleanup.h"

#define LSM_LIST "/sys/kernel/security/lsm"

CLEANUP_DEFINE(struct holdfast_bpf, holdfast_bpf__destroy)
CLEANUP_DEFINE(struct kernel, kernel_close)

/* Maps the sensor itself uses; the others it only pins. */
static const char *const map_names[KERNEL_MAP_MAX] = {
	[KERNEL_MAP_TASKS] = "hf_tasks",
	[KERNEL_MAP_INODES] = "hf_inodes",
	[KERNEL_MAP_INDEX] = "hf_index",
	[KERNEL_MAP_DISKS] = "hf_disks",
	[KERNEL_MAP_BANKS] = "hf_banks",
	[KERNEL_MAP_DESTS] = "hf_dests",
	[KERNEL_MAP_GRANTS] = "hf_grants",
	[KERNEL_MAP_VOLUMES] = "hf_volumes",
	[KERNEL_MAP_GATES] = "hf_gates",
	[KERNEL_MAP_AGENT] = "hf_agent",
	[KERNEL_MAP_REQUEST] = "hf_request",
	[KERNEL_MAP_RING] = "hf_ring",
	[KERNEL_MAP_COUNTERS] = "hf_counters",
};

/* FNV-1a: names a build, guards against nothing. */
static uint64_t object_hash(void)
{
	size_t size = 0;
	const unsigned char *bytes = holdfast_bpf__elf_bytes(&size);
	uint64_t hash = 0xcbf29ce484222325ull;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3ull;
	return hash;
}

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

/* Programs the object can do without, and what is then not seen or held. */
static const struct {
	const char *program;
	const char *without;
} optional_programs[] = {
	{"hf_pipe_read", "readers already waiting at a pipe are labelled at their next read only"},
	{"hf_core_dump", "core dumps to a helper are not followed"},
	{"hf_stream_received", "socket pairs are not followed"},
	{"hf_dgram_received", "datagram socket pairs are not followed"},
	{"hf_splice", "splice between pipes is not followed"},
	{"hf_tee", "tee between pipes is not followed"},
	{"hf_vmsplice", "vmsplice into pipes is not followed"},
	{"hf_file_receive", "descriptors passed between processes are not checked on arrival"},
};

static void note_missing(struct kernel_support *support, const char *words)
{
	if (support->missing_count < KERNEL_MISSING_MAX)
		support->missing[support->missing_count++] = words;
}

/* Features, not versions: what the object can't do without. False when one is missing. */
static bool has_requirements(struct kernel_support *support)
{
	static const struct {
		enum bpf_map_type type;
		const char *words;
	} maps[] = {
		{BPF_MAP_TYPE_INODE_STORAGE, "no BPF inode storage (CONFIG_BPF_LSM, Linux 5.10)"},
		{BPF_MAP_TYPE_TASK_STORAGE, "no BPF task storage (Linux 5.11): processes that read "
					    "labelled files can't be followed"},
		{BPF_MAP_TYPE_RINGBUF, "no BPF ring buffer (Linux 5.8)"},
	};
	unsigned int before = support->missing_count;

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		if (libbpf_probe_bpf_map_type(maps[i].type, NULL) == 0)
			note_missing(support, maps[i].words);
	if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_loop, NULL) == 0)
		note_missing(support, "no bpf_loop (Linux 5.17)");
	return support->missing_count == before;
}

/* Leaves out optional programs whose hook the running kernel does not have. */
static int skip_missing_hooks(struct holdfast_bpf *skeleton, struct kernel_support *support)
{
	for (size_t i = 0; i < sizeof(optional_programs) / sizeof(optional_programs[0]); i++) {
		struct bpf_program *program = bpf_object__find_program_by_name(
			skeleton->obj, optional_programs[i].program);
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
		note_missing(support, optional_programs[i].without);
	}
	return 0;
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
static int set_map_pins(struct holdfast_bpf *skeleton, const char *pin_directory)
{
	struct bpf_map *map;
	char path[PATH_MAX];
	int r;

	bpf_object__for_each_map(map, skeleton->obj)
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

static int attach_and_pin(struct holdfast_bpf *skeleton, const char *links)
{
	struct bpf_program *program;
	char path[PATH_MAX];
	int r;

	bpf_object__for_each_program(program, skeleton->obj)
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

static int load(const char *pin_directory, uint64_t hash, struct kernel *kernel,
	struct kernel_support *support)
{
	auto_call(holdfast_bpf__destroyp) struct holdfast_bpf *skeleton = NULL;
	char links[PATH_MAX], keep[32];
	int r;

	r = ensure_pin_directories(pin_directory, hash, links, sizeof(links));
	if (r < 0)
		return r;
	skeleton = holdfast_bpf__open();
	if (!skeleton)
		return -errno;
	r = skip_missing_hooks(skeleton, support);
	if (r < 0)
		return r;
	r = set_map_pins(skeleton, pin_directory);
	if (r < 0)
		return r;
	r = holdfast_bpf__load(skeleton);
	if (r < 0)
		return r;
	r = open_maps(kernel, pin_directory);
	if (r < 0)
		return r;
	r = set_object_hash(kernel, 0);
	if (r < 0)
		return r;
	r = attach_and_pin(skeleton, links);
	if (r < 0)
		return r;
	(void)snprintf(keep, sizeof(keep), "%016" PRIx64, hash);
	r = remove_links(pin_directory, keep);
	if (r < 0)
		return r;
	support->was_adopted = false;
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
	for (int i = 0; i < KERNEL_MAP_MAX; i++)
		kernel->maps[i] = -EBADF;
	return kernel;
}

void kernel_close(struct kernel *kernel)
{
	if (!kernel)
		return;
	ring_buffer__free(kernel->ring);
	if (kernel->poke_fd >= 0)
		(void)close(kernel->poke_fd); /* read only */
	close_maps(kernel);
	free(kernel);
}

static int on_ring_record(void *context, void *bytes, size_t size_bytes)
{
	struct kernel *kernel = context;

	if (kernel->receive)
		kernel->receive(bytes, size_bytes, kernel->receive_userdata);
	return 0;
}

int kernel_open(const char *pin_directory, struct kernel_support *ret_support, struct kernel **ret)
{
	auto_call(kernel_closep) struct kernel *kernel = kernel_new();
	uint64_t hash = object_hash();
	int r;

	memset(ret_support, 0, sizeof(*ret_support));
	if (!kernel)
		return -ENOMEM;
	ret_support->has_bpf_lsm = lsm_list_has_bpf();
	if (!ret_support->has_bpf_lsm) {
		note_missing(ret_support, "BPF LSM is not active: add \"bpf\" to the lsm= list on "
					  "the kernel command line");
		return -EOPNOTSUPP;
	}
	if (!has_requirements(ret_support))
		return -EOPNOTSUPP;
	r = adopt(pin_directory, hash, kernel, ret_support);
	if (r < 0) {
		close_maps(kernel);
		r = load(pin_directory, hash, kernel, ret_support);
	}
	if (r < 0)
		return r;
	r = kernel_hello(kernel);
	if (r < 0)
		return r;
	kernel->ring = ring_buffer__new(
		kernel->maps[KERNEL_MAP_RING], on_ring_record, kernel, NULL);
	if (!kernel->ring)
		return -errno;
	*ret = take_ptr(kernel);
	return 0;
}

/* Adds what the program behind one pinned link has missed. */
static int link_misses(const char *directory, const char *name, uint64_t *misses)
{
	struct bpf_link_info link_info = {0};
	struct bpf_prog_info program_info = {0};
	auto_close int link = -EBADF, program = -EBADF;
	uint32_t size = sizeof(link_info);
	char path[PATH_MAX];
	int r;

	r = snprintf(path, sizeof(path), "%s/%s", directory, name);
	if (r < 0 || (size_t)r >= sizeof(path))
		return -ENAMETOOLONG;
	link = bpf_obj_get(path);
	if (link < 0 || bpf_obj_get_info_by_fd(link, &link_info, &size) < 0)
		return -errno;
	program = bpf_prog_get_fd_by_id(link_info.prog_id);
	size = sizeof(program_info);
	if (program < 0 || bpf_obj_get_info_by_fd(program, &program_info, &size) < 0)
		return -errno;
	*misses += program_info.recursion_misses;
	return 0;
}

int kernel_misses(const char *pin_directory, uint64_t *ret_misses)
{
	char path[PATH_MAX];
	uint64_t misses = 0;
	DIR *directory;
	int r = 0;

	(void)snprintf(path, sizeof(path), "%s/links/%016" PRIx64, pin_directory, object_hash());
	directory = opendir(path);
	if (!directory)
		return -errno;
	for (struct dirent *entry; r == 0 && (entry = readdir(directory));)
		if (entry->d_name[0] != '.')
			r = link_misses(path, entry->d_name, &misses);
	(void)closedir(directory); /* read only */
	if (r == 0)
		*ret_misses = misses;
	return r;
}

int kernel_unpin(const char *pin_directory)
{
	char path[PATH_MAX];
	int r;

	r = remove_links(pin_directory, NULL);
	if (r < 0)
		return r;
	for (int i = 0; i < KERNEL_MAP_MAX; i++) {
		(void)snprintf(path, sizeof(path), "%s/maps/%s", pin_directory, map_names[i]);
		if (unlink(path) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}
