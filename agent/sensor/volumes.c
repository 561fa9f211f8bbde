/* SPDX-License-Identifier: Apache-2.0 */
/* One table of devices and mounts by kernel device number. */
#include "agent/sensor/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "agent/sensor/marks.h"
#include "agent/sensor/mount_table.h"
#include "agent/sensor/paths.h"
#include "agent/sensor/topology.h"
#include "agent/sensor/tree.h"
#include "common/cleanup.h"
#include "common/log.h"

struct volume {
	struct message_volume told; /* what the engine knows */
	struct topology topology;
	struct hf_volume set; /* what the kernel knows */
	bool is_set;
	bool is_mounted;  /* in the mount table as last read */
	bool was_mounted; /* the time before */
};

struct volumes {
	struct udev *udev;
	struct udev_monitor *monitor;
	int mounts_fd;
	struct mount_table *mounts;
	char boot_id[64];
	struct volume *items[VOLUMES_MAX];
	unsigned int count;
};

static uint32_t dev_of(dev_t number)
{
	return (uint32_t)major(number) << 20 | (uint32_t)minor(number);
}

static void read_boot_id(char *ret_text, size_t size)
{
	auto_close int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, ret_text, size - 1);

	ret_text[got > 0 ? got : 0] = '\0';
	ret_text[strcspn(ret_text, "\n")] = '\0';
}

struct volumes *volumes_new(void)
{
	struct volumes *volumes = calloc(1, sizeof(*volumes));

	if (!volumes)
		return NULL;
	volumes->mounts_fd = -EBADF;
	volumes->mounts = mount_table_new();
	if (!volumes->mounts) {
		volumes_free(volumes);
		return NULL;
	}
	read_boot_id(volumes->boot_id, sizeof(volumes->boot_id));
	volumes->mounts_fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	volumes->udev = udev_new();
	if (!volumes->udev)
		return volumes;
	volumes->monitor = udev_monitor_new_from_netlink(volumes->udev, "udev");
	if (volumes->monitor && (udev_monitor_filter_add_match_subsystem_devtype(
					 volumes->monitor, "block", NULL) < 0 ||
					udev_monitor_enable_receiving(volumes->monitor) < 0)) {
		(void)udev_monitor_unref(volumes->monitor); /* returns NULL */
		volumes->monitor = NULL;
	}
	return volumes;
}

void volumes_free(struct volumes *volumes)
{
	if (!volumes)
		return;
	for (unsigned int i = 0; i < volumes->count; i++)
		free(volumes->items[i]);
	if (volumes->monitor)
		(void)udev_monitor_unref(volumes->monitor); /* returns NULL */
	if (volumes->udev)
		(void)udev_unref(volumes->udev); /* returns NULL */
	if (volumes->mounts_fd >= 0)
		(void)close(volumes->mounts_fd); /* read only */
	mount_table_free(volumes->mounts);
	free(volumes);
}

int volumes_udev_fd(const struct volumes *volumes)
{
	return volumes && volumes->monitor ? udev_monitor_get_fd(volumes->monitor) : -1;
}

int volumes_mounts_fd(const struct volumes *volumes)
{
	return volumes ? volumes->mounts_fd : -1;
}

static struct volume *volume_find(const struct volumes *volumes, uint32_t dev)
{
	for (unsigned int i = 0; i < volumes->count; i++)
		if (volumes->items[i]->told.dev == dev)
			return volumes->items[i];
	return NULL;
}

static struct volume *volume_make(struct volumes *volumes, uint32_t dev)
{
	struct volume *volume = volume_find(volumes, dev);

	if (volume || volumes->count >= VOLUMES_MAX)
		return volume;
	volume = calloc(1, sizeof(*volume));
	if (!volume)
		return NULL;
	volume->told.dev = dev;
	volumes->items[volumes->count++] = volume;
	return volume;
}

void volumes_identity(
	const struct volumes *volumes, uint32_t dev, char ret_identity[MESSAGE_TEXT_SIZE])
{
	const struct volume *volume = volumes ? volume_find(volumes, dev) : NULL;

	ret_identity[0] = '\0';
	if (volume)
		memcpy(ret_identity, volume->told.identity, MESSAGE_TEXT_SIZE);
}

static bool matches(const struct message_matcher *matcher, const struct topology *topology)
{
	return !strcasecmp(matcher->vendor, topology->vendor) &&
	       !strcasecmp(matcher->product, topology->product) &&
	       (!matcher->serial[0] || !strcmp(matcher->serial, topology->serial));
}

/* What the policy excepts for this device. */
static void allow_by_policy(
	const struct sensor *sensor, const struct topology *topology, struct hf_volume *volume)
{
	if (!sensor->policy || !topology->vendor[0])
		return;
	for (size_t i = 0; i < sensor->policy->matcher_count; i++) {
		const struct message_matcher *matcher = &sensor->policy->matchers[i];

		if (!matches(matcher, topology))
			continue;
		volume->allow |= matcher->allow;
		volume->allow_raw |= matcher->allow_raw;
	}
}

static void volume_set(struct sensor *sensor, struct volume *volume)
{
	struct hf_volume wanted = {.channel = volume->told.channel};
	int r;

	allow_by_policy(sensor, &volume->topology, &wanted);
	if (!sensor->kernel || (volume->is_set && !memcmp(&wanted, &volume->set, sizeof(wanted))))
		return;
	r = kernel_set_volume(sensor->kernel, volume->told.dev, &wanted);
	if (r < 0) {
		link_failure(sensor, FAILURE_VOLUME, "%s: %s", volume->told.name, strerror(-r));
		return;
	}
	volume->set = wanted;
	volume->is_set = true;
}

static void volume_tell(struct sensor *sensor, const struct volume *volume)
{
	struct bytes_writer frame;

	link_begin(&frame, MESSAGE_VOLUME);
	message_put_volume(&frame, &volume->told);
	link_send(sensor, &frame);
}

static void volume_drop(struct sensor *sensor, uint32_t dev)
{
	struct volumes *volumes = sensor->volumes;

	for (unsigned int i = 0; i < volumes->count; i++) {
		struct volume *volume = volumes->items[i];

		if (volume->told.dev != dev)
			continue;
		volume->told.is_gone = true;
		volume_tell(sensor, volume);
		if (sensor->kernel)
			(void)kernel_forget_volume(sensor->kernel, dev); /* unknown = removable */
		free(volume);
		volumes->items[i] = volumes->items[--volumes->count];
		return;
	}
}

static void update(struct sensor *sensor, struct volume *volume, const struct message_volume *now)
{
	bool is_new = memcmp(&volume->told, now, sizeof(*now)) != 0;

	volume->told = *now;
	volume_set(sensor, volume);
	if (is_new)
		volume_tell(sensor, volume);
}

static void device_seen(struct sensor *sensor, struct udev_device *device)
{
	uint32_t dev = dev_of(udev_device_get_devnum(device));
	struct volume *volume = volume_make(sensor->volumes, dev);
	const char *uuid = udev_device_get_property_value(device, "ID_FS_UUID");
	const char *node = udev_device_get_devnode(device);
	struct message_volume now;

	if (!volume) {
		link_failure(sensor, FAILURE_VOLUME, "%s: too many volumes", node ? node : "?");
		return;
	}
	topology_of_block(device, &volume->topology);
	memset(&now, 0, sizeof(now)); /* padding too: update() compares bytes */
	now.dev = dev;
	now.channel = volume->topology.channel;
	now.is_device = true;
	if (uuid)
		(void)snprintf(now.identity, sizeof(now.identity), "uuid:%s", uuid);
	else
		(void)snprintf(
			now.identity, sizeof(now.identity), "dev:%u:%u", dev >> 20, dev & 0xfffff);
	(void)snprintf(now.name, sizeof(now.name), "%s", node ? node : "?");
	memcpy(now.reason, volume->topology.reason, sizeof(now.reason));
	update(sensor, volume, &now);
}

static void devices_scan(struct sensor *sensor)
{
	struct udev_enumerate *all = udev_enumerate_new(sensor->volumes->udev);
	struct udev_list_entry *entry;

	if (!all)
		return;
	if (udev_enumerate_add_match_subsystem(all, "block") == 0 &&
		udev_enumerate_scan_devices(all) == 0) {
		udev_list_entry_foreach(entry, udev_enumerate_get_list_entry(all))
		{
			struct udev_device *device = udev_device_new_from_syspath(
				sensor->volumes->udev, udev_list_entry_get_name(entry));

			if (!device)
				continue; /* gone again */
			device_seen(sensor, device);
			(void)udev_device_unref(device); /* returns NULL */
		}
	}
	(void)udev_enumerate_unref(all); /* returns NULL */
}

void volumes_on_udev(struct sensor *sensor)
{
	struct udev_device *device;

	while ((device = udev_monitor_receive_device(sensor->volumes->monitor))) {
		const char *action = udev_device_get_action(device);

		if (action && !strcmp(action, "remove"))
			volume_drop(sensor, dev_of(udev_device_get_devnum(device)));
		else
			device_seen(sensor, device);
		(void)udev_device_unref(device); /* returns NULL */
	}
}

/* A file system is as the device its source names, when its own number is not a device's. */
static const struct volume *source_volume(const struct volumes *volumes, const char *source)
{
	struct stat status;

	if (source[0] != '/' || stat(source, &status) < 0 || !S_ISBLK(status.st_mode))
		return NULL;
	return volume_find(volumes, dev_of(status.st_rdev));
}

/* A mount inside a labelled directory: its root gets the labels, for the walk upwards ends there. */
static void mark_nested(struct sensor *sensor, const struct mount_entry *mount)
{
	auto_close int parent = -EBADF, readable = -EBADF, root = -EBADF;
	char copy[PATH_MAX];
	struct kernel_inode above;
	struct mark_change change;
	uint64_t added;

	if (!sensor->kernel || !strcmp(mount->point, "/"))
		return;
	memcpy(copy, mount->point, sizeof(copy));
	parent = paths_open(-1, dirname(copy));
	if (parent < 0)
		return;
	readable = paths_reopen(parent);
	if (readable < 0 || kernel_inode(sensor->kernel, readable, &above) < 0 || !above.labels)
		return;
	root = paths_open(-1, mount->point);
	change = (struct mark_change){.add = above.labels, .path = mount->point};
	if (root < 0 || marks_change(sensor, root, &change, &added) < 0) {
		link_failure(sensor, FAILURE_TREE, "%s", mount->point);
		return;
	}
	if (added && tree_add(sensor->tree, mount->point, above.labels) < 0)
		link_failure(sensor, FAILURE_TREE, "%s", mount->point);
}

static void mount_seen(struct sensor *sensor, const struct mount_entry *mount)
{
	enum mount_kind kind = mounts_kind(mount->type);
	const struct volume *source = NULL;
	struct message_volume now;
	struct volume *volume;
	bool is_new;

	if (kind == MOUNT_PSEUDO)
		return;
	volume = volume_find(sensor->volumes, mount->dev);
	is_new = !volume || (!volume->is_mounted && !volume->was_mounted);
	if (volume)
		volume->is_mounted = true;
	if (is_new)
		mark_nested(sensor, mount);
	if (volume && volume->told.is_device) /* ext4 and the like: the device says it all */
		return;
	if (kind == MOUNT_DEVICE)
		source = source_volume(sensor->volumes, mount->source);
	volume = volume_make(sensor->volumes, mount->dev);
	if (!volume)
		return;
	volume->is_mounted = true;
	memset(&now, 0, sizeof(now)); /* padding too: update() compares bytes */
	now.dev = mount->dev;
	now.channel = kind == MOUNT_NETSHARE ? HF_CHANNEL_NETSHARE : HF_CHANNEL_LOCAL_FILE;
	(void)snprintf(now.name, sizeof(now.name), "%.200s", mount->point);
	(void)snprintf(now.reason, sizeof(now.reason), "%s", mount->type);
	(void)snprintf(now.identity, sizeof(now.identity), "boot:%s:%u", sensor->volumes->boot_id,
		mount->dev);
	if (source) {
		now.channel = source->told.channel;
		volume->topology = source->topology;
		(void)snprintf(
			now.identity, sizeof(now.identity), "fs:%.240s", source->told.identity);
		memcpy(now.reason, source->told.reason, sizeof(now.reason));
	} else if (kind == MOUNT_DEVICE) {
		now.channel = HF_CHANNEL_REMOVABLE;
		(void)snprintf(
			now.reason, sizeof(now.reason), "%.60s, of no device we know", mount->type);
	}
	/* The first mount of a file system stands for it. */
	if (!is_new)
		memcpy(now.name, volume->told.name, sizeof(now.name));
	update(sensor, volume, &now);
}

void volumes_on_mounts(struct sensor *sensor)
{
	struct volumes *volumes = sensor->volumes;
	struct mount_entry mount;
	auto_free char *line = NULL;
	size_t room = 0;
	FILE *table;
	int fd;

	for (unsigned int i = 0; i < volumes->count; i++) {
		volumes->items[i]->was_mounted = volumes->items[i]->is_mounted;
		volumes->items[i]->is_mounted = false;
	}
	fd = fcntl(volumes->mounts_fd, F_DUPFD_CLOEXEC, 3);
	table = fd < 0 ? NULL : fdopen(fd, "r");
	if (!table)
		return;
	rewind(table);
	mount_table_clear(volumes->mounts);
	while (getline(&line, &room, table) >= 0) {
		if (mounts_parse(line, &mount) < 0)
			continue;
		mount_table_add(volumes->mounts, &mount);
		mount_seen(sensor, &mount);
	}
	(void)fclose(table); /* a duplicate; the position is shared, and reading again rewinds */
	for (unsigned int i = volumes->count; i > 0; i--)
		if (!volumes->items[i - 1]->told.is_device && !volumes->items[i - 1]->is_mounted)
			volume_drop(sensor, volumes->items[i - 1]->told.dev);
}

void volumes_complete(const struct volumes *volumes, struct hf_record *record)
{
	mount_table_complete(volumes->mounts, record);
}

void volumes_scan(struct sensor *sensor)
{
	if (sensor->volumes->udev)
		devices_scan(sensor);
	if (sensor->volumes->mounts_fd >= 0)
		volumes_on_mounts(sensor);
}

void volumes_apply(struct sensor *sensor)
{
	for (unsigned int i = 0; sensor->volumes && i < sensor->volumes->count; i++)
		volume_set(sensor, sensor->volumes->items[i]);
}
