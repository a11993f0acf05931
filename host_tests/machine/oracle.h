#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host_tests/machine/cpu.h"

/* What a CPU has cached against what the tables say. Each finding is a sentence. */
namespace machine {

/*
 * Everything that `cpu` has cached must be granted by the tables as they are. Allowed staleness:
 * a right gained in the lower half, which costs a spurious fault at most (4.10.4.3).
 */
std::vector<std::string> find_stale_entries(const Ram &ram, const Cpu &cpu);

/*
 * What `cpu` has written through a translation that it still has is dirty in the tables, if they
 * still map the page. Looked at before a flush, which ends the evidence.
 */
std::vector<std::string> find_lost_writes(const Ram &ram, const Cpu &cpu);

/* No translation outside the direct map, no cached table and no root of `cpu` may reach a free
 * page. */
std::vector<std::string> find_free_pages(const Cpu &cpu,
                                         const std::function<bool(uint64_t pa)> &is_free);

/* An entry with P=0 in the tables of `cpu` must not hold the address of memory: a CPU may look
 * there without asking (L1TF). */
std::vector<std::string> find_terminal_faults(const Ram &ram, const Cpu &cpu);

} // namespace machine
