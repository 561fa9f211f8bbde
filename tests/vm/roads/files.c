/* SPDX-License-Identifier: Apache-2.0 */
/* Roads by writing to a file: every call that moves bytes, after and before the source was read. */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "roads.h"

/* Reads the source, then opens the target. */
static int read_then_open(struct job *job, int flags)
{
	int r = job_read(job);

	return r < 0 ? r : job_open_target(job, flags);
}

/* The descriptor is there before the process has read anything labelled. */
static int open_then_read(struct job *job, int flags)
{
	int fd = job_open_target(job, flags), r;

	if (fd < 0)
		return fd;
	r = job_read(job);
	return r < 0 ? r : fd;
}

static int road_write(struct job *job)
{
	auto_close int fd = read_then_open(job, O_TRUNC);

	return fd < 0 ? fd : write_all(fd, job->content, job->size);
}

static int road_write_before(struct job *job)
{
	auto_close int fd = open_then_read(job, O_TRUNC);

	return fd < 0 ? fd : write_all(fd, job->content, job->size);
}

static int road_append_before(struct job *job)
{
	auto_close int fd = open_then_read(job, O_APPEND);

	return fd < 0 ? fd : write_all(fd, job->content, job->size);
}

static int road_pwrite(struct job *job)
{
	auto_close int fd = open_then_read(job, 0);

	return fd < 0 ? fd : check_call(pwrite(fd, job->content, job->size, 0));
}

static int road_writev(struct job *job)
{
	auto_close int fd = open_then_read(job, 0);
	struct iovec part = {.iov_base = job->content, .iov_len = job->size};

	return fd < 0 ? fd : check_call(writev(fd, &part, 1));
}

static int road_pwritev2(struct job *job)
{
	auto_close int fd = open_then_read(job, 0);
	struct iovec part = {.iov_base = job->content, .iov_len = job->size};

	return fd < 0 ? fd : check_call(pwritev2(fd, &part, 1, 0, RWF_SYNC));
}

static int road_sync_write(struct job *job)
{
	auto_close int fd = open_then_read(job, O_SYNC);

	return fd < 0 ? fd : write_all(fd, job->content, job->size);
}

/* sendfile needs no read(2): the content never passes through this process. */
static int road_sendfile(struct job *job)
{
	auto_close int fd = open_then_read(job, 0);

	return fd < 0 ? fd : check_call(sendfile(fd, job->source_fd, NULL, job->size));
}

static int road_copy_file_range(struct job *job)
{
	auto_close int fd = open_then_read(job, 0);

	if (fd < 0)
		return fd;
	return check_call(copy_file_range(job->source_fd, NULL, fd, NULL, job->size, 0));
}

static int road_ficlone(struct job *job)
{
	auto_close int fd = read_then_open(job, 0);

	return fd < 0 ? fd : check_call(ioctl(fd, FICLONE, job->source_fd));
}

static int road_ficlone_before(struct job *job)
{
	auto_close int fd = open_then_read(job, 0);

	return fd < 0 ? fd : check_call(ioctl(fd, FICLONE, job->source_fd));
}

static int road_direct(struct job *job)
{
	auto_close int fd = open_then_read(job, O_DIRECT);

	/* Whole blocks only: the padding behind the content is zeroes. */
	return fd < 0 ? fd : write_all(fd, job->content, ROAD_CONTENT_MAX);
}

static int road_aio(struct job *job)
{
	auto_close int fd = open_then_read(job, 0);
	struct iocb block = {
		.aio_fildes = (unsigned int)fd,
		.aio_lio_opcode = IOCB_CMD_PWRITE,
		.aio_buf = (unsigned long)job->content,
		.aio_nbytes = job->size,
	};
	struct iocb *list[] = {&block};
	struct io_event event;
	aio_context_t context = 0;
	int r;

	if (fd < 0)
		return fd;
	r = check_call(syscall(SYS_io_setup, 1, &context));
	if (r < 0)
		return r;
	r = check_call(syscall(SYS_io_submit, context, 1, list));
	if (r < 0)
		return r;
	r = check_call(syscall(SYS_io_getevents, context, 1, 1, &event, NULL));
	return r < 0 ? r : (int)event.res;
}

static int map_file(int fd, int protection, char **ret_map)
{
	void *map;

	if (ftruncate(fd, ROAD_CONTENT_MAX))
		return -errno;
	map = mmap(NULL, ROAD_CONTENT_MAX, protection, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	*ret_map = map;
	return 0;
}

/* The target, opened and mapped before anything is read. Its descriptor or negative errno. */
static int map_target(const struct job *job, int protection, char **ret_map)
{
	auto_close int fd = job_open_target(job, O_RDWR);
	int r;

	if (fd < 0)
		return fd;
	r = map_file(fd, protection, ret_map);
	return r < 0 ? r : take_fd(fd);
}

/* The descriptor was opened before, so that it is the mapping which is judged. */
static int road_mmap_after(struct job *job)
{
	auto_close int fd = open_then_read(job, O_RDWR);
	char *map;
	int r;

	if (fd < 0)
		return fd;
	r = map_file(fd, PROT_READ | PROT_WRITE, &map);
	return r < 0 ? r : job_store(job, map);
}

/* Stores into a mapping have no hook: it must be the read that fails, or the file is labelled. */
static int road_mmap_before(struct job *job)
{
	char *map;
	auto_close int fd = map_target(job, PROT_READ | PROT_WRITE, &map);
	int r;

	if (fd < 0)
		return fd;
	r = job_read(job);
	return r < 0 ? r : job_store(job, map);
}

static int road_mprotect(struct job *job)
{
	char *map;
	auto_close int fd = map_target(job, PROT_READ, &map);
	int r;

	if (fd < 0)
		return fd;
	r = job_read(job);
	if (r < 0)
		return r;
	if (mprotect(map, ROAD_CONTENT_MAX, PROT_READ | PROT_WRITE))
		return -errno;
	return job_store(job, map);
}

/* The mapping outlives the descriptor it was made from. */
static int road_mmap_closed(struct job *job)
{
	char *map;
	int fd = map_target(job, PROT_READ | PROT_WRITE, &map), r;

	if (fd < 0)
		return fd;
	close(fd);
	r = job_read(job);
	return r < 0 ? r : job_store(job, map);
}

/* A mapping made by the parent is the child's too. */
static int road_mmap_inherited(struct job *job)
{
	char *map;
	auto_close int fd = map_target(job, PROT_READ | PROT_WRITE, &map);
	pid_t pid;
	int r;

	if (fd < 0)
		return fd;
	pid = fork();
	if (pid == 0) {
		r = job_read(job);
		exit_road(r < 0 ? r : job_store(job, map));
	}
	return wait_child(pid);
}

/* A copy kept in a local file does not shed the labels: read back, then out. */
static int road_read_written_file(struct job *job)
{
	auto_close int fd = -EBADF;
	int r = job_read(job);

	if (r < 0)
		return r;
	if (!job->arg[0])
		return -EINVAL;
	fd = check_call(open(job->arg[0], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
	if (fd < 0)
		return -EIO; /* local files follow: this must work */
	if (write_all(fd, job->content, job->size) < 0)
		return -EIO;
	return wait_child(spawn_plain("@copy", job->arg[0], job->target, NULL));
}

const struct road roads_files[] = {
	{"write", road_write, false},
	{"write-before", road_write_before, false},
	{"append-before", road_append_before, false},
	{"pwrite", road_pwrite, false},
	{"writev", road_writev, false},
	{"pwritev2", road_pwritev2, false},
	{"sync-write", road_sync_write, false},
	{"sendfile", road_sendfile, false},
	{"copy-file-range", road_copy_file_range, false},
	{"ficlone", road_ficlone, false},
	{"ficlone-before", road_ficlone_before, false},
	{"direct", road_direct, false},
	{"aio", road_aio, false},
	{"mmap-after", road_mmap_after, false},
	{"mmap-before", road_mmap_before, true},
	{"mprotect", road_mprotect, true},
	{"mmap-closed", road_mmap_closed, true},
	{"mmap-inherited", road_mmap_inherited, true},
	{"read-written-file", road_read_written_file, false},
	{0},
};
