/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roads by block devices: the stick without its file system, loop devices, SCSI commands; and the
 * disk below a labelled file. Where content is written the target is a device, and its first 4 KiB
 * are overwritten: the case gives a partition it can spare.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "roads.h"

#define SCSI_BLOCK  512
#define SCSI_AT	    64 /* block that is written: inside the first, unused MiB of the stick */
#define READ_CHUNK  (1024 * 1024)
#define READ_CHUNKS 600

static int road_disk_write(struct job *job)
{
	auto_close int fd = -EBADF;
	int r = job_read(job);

	if (r < 0)
		return r;
	fd = check_call(open(job->target, O_WRONLY | O_SYNC | O_CLOEXEC));
	return fd < 0 ? fd : write_all(fd, job->content, ROAD_CONTENT_MAX);
}

static int road_disk_write_before(struct job *job)
{
	auto_close int fd = check_call(open(job->target, O_WRONLY | O_SYNC | O_CLOEXEC));
	int r;

	if (fd < 0)
		return -EIO;
	r = job_read(job);
	return r < 0 ? r : write_all(fd, job->content, ROAD_CONTENT_MAX);
}

static int road_disk_mmap(struct job *job)
{
	auto_close int fd = check_call(open(job->target, O_RDWR | O_CLOEXEC));
	char *map;
	int r;

	if (fd < 0)
		return -EIO;
	r = job_read(job);
	if (r < 0)
		return r;
	map = mmap(NULL, ROAD_CONTENT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return map == MAP_FAILED ? -errno : job_store(job, map);
}

static int road_disk_mmap_before(struct job *job)
{
	auto_close int fd = check_call(open(job->target, O_RDWR | O_CLOEXEC));
	char *map;
	int r;

	if (fd < 0)
		return -EIO;
	map = mmap(NULL, ROAD_CONTENT_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -EIO;
	r = job_read(job);
	if (r < 0)
		return r;
	return job_store(job, map);
}

/* By the 32-bit system call, which no right keeps a 64-bit program from: arch/x86/entry. */
static int ioctl_32(int fd, unsigned long request, int value)
{
#ifdef __x86_64__
	long r = 54; /* ioctl there */

	__asm__ volatile("int $0x80"
			 : "+a"(r)
			 : "b"((long)fd), "c"(request), "d"((long)value)
			 : "r8", "r9", "r10", "r11", "memory");
	if ((int)r >= 0)
		return (int)r;
	errno = -(int)r;
#else
	errno = ENOSYS;
#endif
	return -1;
}

static int loop_attach(struct job *job, int (*set)(int fd, unsigned long request, int value))
{
	auto_close int loop = check_call(open(job->target, O_RDWR | O_CLOEXEC));
	auto_close int file = -EBADF;
	int r;

	if (loop < 0 || !job->arg[0])
		return -EINVAL;
	file = check_call(open(job->arg[0], O_RDWR | O_CLOEXEC));
	if (file < 0)
		return -EIO;
	r = job_read(job);
	if (r < 0)
		return r;
	r = check_call(set(loop, LOOP_SET_FD, file));
	if (r == 0)
		(void)ioctl(loop, LOOP_CLR_FD, 0); /* the case has the result */
	return r;
}

static int ioctl_64(int fd, unsigned long request, int value)
{
	return ioctl(fd, request, value);
}

/* A file of the stick as a disk: the target is the loop device, argument 1 the file. */
static int road_loop_attach(struct job *job)
{
	return loop_attach(job, ioctl_64);
}

static int road_loop_attach_32(struct job *job)
{
	return loop_attach(job, ioctl_32);
}

/* WRITE(10) past the block layer. The descriptor needs no write access with CAP_SYS_RAWIO. */
static int road_scsi_write(struct job *job)
{
	unsigned char command[10] = {0x2a, 0, 0, 0, 0, SCSI_AT, 0, 0, 1, 0}, sense[32];
	auto_close int fd = check_call(open(job->target, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
	sg_io_hdr_t request = {
		.interface_id = 'S',
		.dxfer_direction = SG_DXFER_TO_DEV,
		.cmd_len = sizeof(command),
		.mx_sb_len = sizeof(sense),
		.dxfer_len = SCSI_BLOCK,
		.dxferp = job->content,
		.cmdp = command,
		.sbp = sense,
		.timeout = 5000,
	};
	int r;

	if (fd < 0)
		return -EIO;
	r = job_read(job);
	if (r < 0)
		return r;
	if (ioctl(fd, SG_IO, &request))
		return -errno;
	return request.status || request.host_status || request.driver_status ? -EIO : 0;
}

/* For a program without rights: looks for the content in the disk that holds the source. */
static int road_disk_read(struct job *job)
{
	static char chunk[READ_CHUNK];
	auto_close int fd = check_call(open(job->target, O_RDONLY | O_CLOEXEC));

	if (fd < 0)
		return fd;
	if (!job->arg[0])
		return -EINVAL;
	for (int i = 0; i < READ_CHUNKS; i++) {
		ssize_t size = read(fd, chunk, sizeof(chunk));

		if (size < 0)
			return -errno;
		if (size == 0)
			break;
		if (memmem(chunk, (size_t)size, job->arg[0], strlen(job->arg[0])))
			return 0;
	}
	return -ENODATA;
}

const struct road roads_devices[] = {
	{"disk-write", road_disk_write, false},
	{"disk-write-before", road_disk_write_before, false},
	{"disk-mmap", road_disk_mmap, false},
	{"disk-mmap-before", road_disk_mmap_before, true},
	{"loop-attach", road_loop_attach, false},
	{"loop-attach-32", road_loop_attach_32, false},
	{"scsi-write", road_scsi_write, false},
	{"disk-read", road_disk_read, false},
	{0},
};
