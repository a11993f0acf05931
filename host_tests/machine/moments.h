#pragma once

#include <cstdint>
#include <functional>

#include "host_tests/machine/machine.h"

namespace machine {

/*
 * Runs `code` one host instruction at a time, by the trap flag, and calls `act` between any two of
 * them that are not the machine's own: what another CPU does there happens at every moment at which
 * it could. `code` calls rooms only and allocates nothing on the host. Returns how often `act` ran.
 */
uint64_t act_between_instructions(Machine &machine, const std::function<void()> &code,
                                  const std::function<void()> &act);

/*
 * The same with store order: what `code` stores in RAM reaches other CPUs, and so their walks, only
 * with its next locked instruction, MFENCE, load of CR3 or request for a flush, or at its end. Its
 * own loads run ahead of its stores (x86-TSO; SDM 3A 8.2.3.4).
 */
uint64_t act_ahead_of_stores(Machine &machine, const std::function<void()> &code,
                             const std::function<void()> &act);

/*
 * Runs `code`, and calls `act` just before its first write to the physical page at `pa`: after it
 * has looked at an entry there, before it changes it. Returns whether that moment came.
 */
bool act_before_write(Machine &machine, uint64_t pa, const std::function<void()> &code,
                      const std::function<void()> &act);

/* For the seam: the machine has done its work, rooms go on. */
void resume_stepping();

} // namespace machine
