/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The daemon's status in Prometheus' text format, for a node exporter's textfile collector:
 *   # HELP fopsd_lost_total What was lost, by cause.
 *   # TYPE fopsd_lost_total counter
 *   fopsd_lost_total{cause="kernel_lost"} 0
 * (github.com/prometheus/docs, content/docs/instrumenting/exposition_formats.md) */

#include <stdio.h>

#include "json-reader.h"

/* @status as daemon-status.h has it; NULL: no fopsd is running, which is one metric too. What an older fopsd doesn't know is left out. */
void prometheus_print(const FopsJson *status, FILE *f);
