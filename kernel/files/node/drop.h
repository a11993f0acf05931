#pragma once

#include "kernel/files/node/node.h"

/*
 * Drops a reference of a node that was observed a moment ago; returns whether it was the last. The
 * observers of a node that has no name and no other user are told that it has gone, and their
 * reference goes too.
 */
bool node_drop_observed(struct node *node);
