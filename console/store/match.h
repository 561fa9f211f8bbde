/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an event is what a filter asks for; the same for every database. */
#ifndef HOLDFAST_CONSOLE_STORE_MATCH_H
#define HOLDFAST_CONSOLE_STORE_MATCH_H

#include "console/store/store.h"

/* All but its user and what is in its text, which need not be there. */
bool match_row(const struct store_found *found, const struct store_filter *filter);
/* What the filter asks of the text. */
bool match_text(const struct store_found *found, const struct store_filter *filter);

#endif
