/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/holdfast/console.ini: where the consoles are, and how this device joins. See holdfast-console.ini(5). */
#ifndef HOLDFAST_AGENT_UPLINK_CONFIG_H
#define HOLDFAST_AGENT_UPLINK_CONFIG_H

#include <limits.h>
#include <stddef.h>

#define CONFIG_CONSOLE_MAX 8
#define CONFIG_URL_SIZE	   512
#define CONFIG_TOKEN_SIZE  129
#define CONFIG_ERROR_SIZE  256

struct config {
	char consoles[CONFIG_CONSOLE_MAX]
		     [CONFIG_URL_SIZE]; /* "https://host:port", no slash behind */
	unsigned int console_count;
	char ca_path[PATH_MAX];
	char token_path[PATH_MAX];   /* "" = none */
	char name[256];		     /* what the device calls itself */
	char proxy[CONFIG_URL_SIZE]; /* "" = by the environment */
};

/* 0; -ENOENT; -EINVAL with "FILE:LINE: what" in ret_error. ret_config is written on success only. */
int config_read(const char *path, struct config *ret_config, char ret_error[CONFIG_ERROR_SIZE]);
/* The token without white space around it. 0; -ENOENT, -EACCES, -EINVAL. */
int config_token(const struct config *config, char ret_token[CONFIG_TOKEN_SIZE]);

#endif
