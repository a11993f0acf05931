#include "host_tests/machine/oracle.h"

#include <cinttypes>
#include <cstdarg>
#include <cstdio>

#include "mm/addr/layout.h"

namespace machine {
namespace {

constexpr uint64_t ENTRY_ADDRESS = 0x000ffffffffff000;

__attribute__((format(printf, 1, 2))) std::string text(const char *format, ...) {
    char buffer[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(buffer, sizeof buffer, format, arguments);
    va_end(arguments);
    return buffer;
}

std::string rights_text(const Rights &rights) {
    return text("r%c%c%c", rights.writable ? 'w' : '-', rights.executable ? 'x' : '-',
                rights.user ? 'u' : '-');
}

std::string leaf_text(const Leaf &leaf) {
    return text("%s page at 0x%" PRIx64 " (%s, memory type %u%s%s)",
                leaf.level == 0   ? "4 KiB"
                : leaf.level == 1 ? "2 MiB"
                                  : "1 GiB",
                leaf.pa, rights_text(leaf.rights).c_str(), leaf.memory_type,
                leaf.global ? ", global" : "", leaf.dirty ? ", dirty" : "");
}

bool exceeds(const Rights &cached, const Rights &granted) {
    return (cached.writable && !granted.writable) || (cached.user && !granted.user) ||
           (cached.executable && !granted.executable);
}

bool is_upper_half(uint64_t va) {
    return va >> 63 != 0;
}

/* The direct map reaches every frame, free or not, and is no way for a program to get there. */
bool is_direct_map(uint64_t va) {
    return va >= DIRECT_MAP_BASE && va < DIRECT_MAP_END;
}

/* Why the cached leaf may not stay, or nothing. `granted` is that of the same address. */
const char *objection(const CachedLeaf &cached, const Leaf &granted) {
    const Leaf &leaf = cached.leaf;
    if (leaf.pa != granted.pa) {
        return "another page";
    }
    if (leaf.level != granted.level) {
        return "another page size";
    }
    if (exceeds(leaf.rights, granted.rights)) {
        return "a right too many";
    }
    if (is_upper_half(cached.va) && leaf.rights != granted.rights) {
        return "a right too few for the kernel";
    }
    if (leaf.memory_type != granted.memory_type) {
        return "another memory type";
    }
    if (leaf.protection_key != granted.protection_key && granted.rights.user) {
        return "another protection key";
    }
    if (leaf.global != granted.global) {
        return "another global flag";
    }
    return leaf.dirty && !granted.dirty ? "a dirty flag that was cleared" : nullptr;
}

std::string judge_leaf(const Ram &ram, const Cpu &cpu, const CachedLeaf &cached) {
    auto root = cpu.root_of(cached.context);
    auto granted = peek(ram, cpu.control, root.value(), cached.va);
    if (!granted) {
        return text("CPU %u still translates 0x%" PRIx64 " to the %s; the tables have nothing "
                    "there",
                    cpu.id(), cached.va, leaf_text(cached.leaf).c_str());
    }
    uint64_t size = page_size(granted->level);
    granted->pa += cached.va & (size - 1);
    const char *why = objection(cached, *granted);
    return why == nullptr ? ""
                          : text("CPU %u still translates 0x%" PRIx64 " to the %s; the tables say "
                                 "%s: %s",
                                 cpu.id(), cached.va, leaf_text(cached.leaf).c_str(),
                                 leaf_text(*granted).c_str(), why);
}

std::string judge_write(const Ram &ram, const Cpu &cpu, const CachedLeaf &cached) {
    auto granted = peek(ram, cpu.control, cpu.root_of(cached.context).value(), cached.va);
    if (!cached.leaf.dirty || !granted || granted->dirty) {
        return "";
    }
    uint64_t pa = granted->pa + (cached.va & (page_size(granted->level) - 1));
    return pa != cached.leaf.pa
               ? ""
               : text("CPU %u has written through the %s at 0x%" PRIx64 "; the tables say that "
                      "nobody has",
                      cpu.id(), leaf_text(cached.leaf).c_str(), cached.va);
}

std::string judge_table(const Ram &ram, const Cpu &cpu, const CachedTable &cached) {
    auto root = cpu.root_of(cached.context);
    auto now = peek_table(ram, cpu.control, root.value(), cached.va, cached.step.level);
    if (now && now->table == cached.step.table && !exceeds(cached.step.rights, now->rights)) {
        return "";
    }
    std::string says =
        now ? text("table 0x%" PRIx64 " (%s)", now->table, rights_text(now->rights).c_str())
            : "no table";
    return text("CPU %u still walks 0x%" PRIx64 " through the level %u table at 0x%" PRIx64
                " (%s) of its paging-structure cache; the tables say %s",
                cpu.id(), cached.va, cached.step.level, cached.step.table,
                rights_text(cached.step.rights).c_str(), says.c_str());
}

void scan_table(const Ram &ram, const Cpu &cpu, const TableStep &at, uint64_t va,
                std::vector<std::string> &findings) {
    for (uint64_t index = 0; index < 512; index++) {
        uint64_t covered = va + index * page_size(at.level);
        Entry entry = decode(cpu.control, ram.load(at.table + 8 * index), at.level);
        if (entry.is_present && !entry.is_leaf && ram.contains(entry.address)) {
            scan_table(ram, cpu, {at.level - 1, entry.address, {}}, covered, findings);
        }
        if (!entry.is_present && entry.raw != 0 && ram.contains(entry.raw & ENTRY_ADDRESS)) {
            findings.push_back(text("the entry 0x%" PRIx64 " at level %u for 0x%" PRIx64
                                    " is not present but holds the address of memory (L1TF)",
                                    entry.raw, at.level, covered));
        }
    }
}

void keep(std::vector<std::string> &findings, std::string finding) {
    if (!finding.empty()) {
        findings.push_back(std::move(finding));
    }
}

} // namespace

std::vector<std::string> find_stale_entries(const Ram &ram, const Cpu &cpu) {
    std::vector<std::string> findings;
    cpu.tlb().for_each(
        [&](const CachedLeaf &cached) { keep(findings, judge_leaf(ram, cpu, cached)); });
    cpu.tables().for_each(
        [&](const CachedTable &cached) { keep(findings, judge_table(ram, cpu, cached)); });
    return findings;
}

std::vector<std::string> find_lost_writes(const Ram &ram, const Cpu &cpu) {
    std::vector<std::string> findings;
    cpu.tlb().for_each(
        [&](const CachedLeaf &cached) { keep(findings, judge_write(ram, cpu, cached)); });
    return findings;
}

std::vector<std::string> find_free_pages(const Cpu &cpu,
                                         const std::function<bool(uint64_t pa)> &is_free) {
    std::vector<std::string> findings;
    if (cpu.is_translating() && is_free(cpu.root())) {
        findings.push_back(text("CPU %u translates through the root 0x%" PRIx64 ", which is free",
                                cpu.id(), cpu.root()));
    }
    cpu.tlb().for_each([&](const CachedLeaf &cached) {
        if (!is_direct_map(cached.va) && is_free(cached.leaf.pa)) {
            findings.push_back(text("CPU %u still reaches the free frame 0x%" PRIx64
                                    " at 0x%" PRIx64,
                                    cpu.id(), cached.leaf.pa, cached.va));
        }
    });
    cpu.tables().for_each([&](const CachedTable &cached) {
        if (is_free(cached.step.table)) {
            findings.push_back(text("CPU %u still walks 0x%" PRIx64 " through the freed table "
                                    "0x%" PRIx64,
                                    cpu.id(), cached.va, cached.step.table));
        }
    });
    return findings;
}

std::vector<std::string> find_terminal_faults(const Ram &ram, const Cpu &cpu) {
    std::vector<std::string> findings;
    if (cpu.is_translating() && ram.contains(cpu.root())) {
        scan_table(ram, cpu, {cpu.control.levels - 1, cpu.root(), {}}, 0, findings);
    }
    return findings;
}

} // namespace machine
