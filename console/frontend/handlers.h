/* SPDX-License-Identifier: Apache-2.0 */
/* One handler for each route: each answers the request, or leaves it waiting in the table. */
#ifndef HOLDFAST_CONSOLE_FRONTEND_HANDLERS_H
#define HOLDFAST_CONSOLE_FRONTEND_HANDLERS_H

struct frontend;
struct http_request;

void handle_health(struct frontend *frontend, struct http_request *request);
/* device.c */
void handle_device(struct frontend *frontend, struct http_request *request);
void handle_describe(struct frontend *frontend, struct http_request *request);
void handle_events(struct frontend *frontend, struct http_request *request);
/* keyless.c */
void handle_keyless(struct frontend *frontend, struct http_request *request);
/* policy.c */
void handle_policy(struct frontend *frontend, struct http_request *request);
/* lease.c */
void handle_lease(struct frontend *frontend, struct http_request *request);
void handle_keys(struct frontend *frontend, struct http_request *request);
void handle_receipt(struct frontend *frontend, struct http_request *request);
/* check.c */
void handle_check(struct frontend *frontend, struct http_request *request);
/* enrol.c */
void handle_cacerts(struct frontend *frontend, struct http_request *request);
void handle_enrol(struct frontend *frontend, struct http_request *request);
void handle_renew(struct frontend *frontend, struct http_request *request);

#endif
