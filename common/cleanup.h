/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scope-bound cleanup: auto_free, auto_close, auto_call(f), and the only two ways in which
 * ownership moves: take_ptr() and take_fd(). Header only.
 */
#ifndef HOLDFAST_COMMON_CLEANUP_H
#define HOLDFAST_COMMON_CLEANUP_H

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *where)
{
	free(*(void **)where);
}

static inline void cleanup_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd); /* nothing to do about it: the descriptor is gone either way */
	errno = saved;
}

/* Defines x_freep() from x_free(), for auto_call(x_freep). */
#define CLEANUP_DEFINE(type, function)               \
	static inline void function##p(type **where) \
	{                                            \
		function(*where);                    \
	}

#define auto_call(function) __attribute__((cleanup(function)))
#define auto_free	    auto_call(cleanup_free)
#define auto_close	    auto_call(cleanup_close)

/* Value moves to the caller, the giver holds NULL or -EBADF afterwards. */
#define take_ptr(p)                         \
	({                                  \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})
#define take_fd(fd)                \
	({                         \
		int taken_ = (fd); \
		(fd) = -EBADF;     \
		taken_;            \
	})

#endif
