#include "host_tests/replay/replay.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <map>
#include <memory>
#include <utility>

#include "host_tests/machine/booted_machine_test.h"
#include "host_tests/machine/sizes.h"
#include "host_tests/replay/changes.h"
#include "host_tests/replay/tables.h"
#include "mm/paging/table_event.h"

namespace replay {
namespace {

constexpr uint64_t RAM_BYTES = 256 * MIB;
constexpr unsigned BASE_BITS_MAX = 40;

std::string hex(uint64_t value) {
    char text[20];
    snprintf(text, sizeof text, "%" PRIx64, value);
    return text;
}

/* Memory above all that the kernel had, for the tables and the frames that are owned. */
machine::Config machine_for(const Recording &recording) {
    const Line &head = recording.lines[0];
    machine::Config config;
    config.control.phys_addr_bits = head.decimal("phys_addr_bits", 52);
    config.control.levels = head.decimal("levels", 5);
    config.control.has_1g_leaves = head.decimal("leaves_1g", 1) != 0;
    config.control.nxe = head.decimal("no_execute", 1) != 0;
    config.control.pge = head.decimal("global_pages", 1) != 0;
    if (head.decimal("pcid", 1) != 0) {
        throw BadRecording("what a CPU keeps of a context that it has left (pcid=1) is not known");
    }
    config.has_pat = head.decimal("pat", 1) != 0;
    unsigned base_bits = std::min(config.control.phys_addr_bits - 1, BASE_BITS_MAX);
    config.ram = {{uint64_t{1} << base_bits, RAM_BYTES}};
    config.cpu_count = 1;
    for (const Line &line : recording.lines) {
        if (line.has("cpu")) {
            unsigned id = line.decimal("cpu", CPU_COUNT_MAX - 1);
            config.cpu_count = std::max(config.cpu_count, id + 1);
        }
    }
    return config;
}

class Replay {
  public:
    explicit Replay(const Recording &recording)
        : recording_(recording), machine_(machine_for(recording)), boot_(machine_) {
        machine_.look_only_at_the_end();
        machine_.trace([this](const table_event &event) {
            payments_ += event.operation == TABLE_PAID ? 1 : 0;
        });
        boot_.begin_early();
    }

    Result run() {
        for (const Line &line : recording_.lines) {
            play(line);
        }
        if (recording_.has_end) {
            look("at the end");
        } else { /* what is owed may be paid in the lines that are missing */
            find("the recording has no end: its last lines are missing");
        }
        return std::move(result_);
    }

  private:
    using Play = void (Replay::*)(const Line &);

    void play(const Line &line);
    void play_change(const Line &line);

    void play_create(const Line &line);
    void play_adopt(const Line &line);
    void play_destroy(const Line &line);
    void play_activate(const Line &line);
    void play_touched(const Line &line);
    void play_flush(const Line &line);
    void play_paid(const Line &line);
    void play_hash(const Line &line);
    void nothing(const Line &) {}

    Table &table_of(const Line &line, const char *key = "root");
    bool is_unpaid() const;
    void touch(machine::Cpu &cpu, const Table &of, const Line &line);
    void look(const std::string &when);
    void find(std::string text);

    const Recording &recording_;
    machine::Machine machine_;
    FrameBoot boot_;
    Frames frames_;
    std::map<uint64_t, std::unique_ptr<Table>> tables_; /* by the recording's root */
    page_table *kernel_ = nullptr;
    unsigned payments_ = 0; /* that the replayed library has made */
    std::vector<Place> since_look_;
    Result result_;
};

Table &Replay::table_of(const Line &line, const char *key) {
    auto found = tables_.find(line.hexadecimal(key));
    if (found == tables_.end()) {
        throw BadRecording("line " + std::to_string(line.number()) + ": there is no table " + key +
                           "=" + line.text(key));
    }
    return *found->second;
}

bool Replay::is_unpaid() const {
    return std::any_of(tables_.begin(), tables_.end(),
                       [](const auto &pair) { return pair.second->has_debt(); });
}

void Replay::find(std::string text) {
    result_.findings.push_back({std::move(text), since_look_});
}

/* What was found once is not found again: the CPUs start afresh. */
void Replay::look(const std::string &when) {
    machine_.look(when);
    std::vector<std::string> findings = machine_.take_findings();
    for (std::string &finding : findings) {
        find(std::move(finding));
    }
    for (unsigned id = 0; !findings.empty() && id < machine_.config().cpu_count; id++) {
        machine_.cpu(id).toggle_cr4_pge();
    }
    since_look_.clear();
}

void Replay::play_create(const Line &line) {
    auto made = std::make_unique<Table>();
    bool is_kernel = line.text("half") == "kernel";
    if (!is_kernel && kernel_ == nullptr) {
        throw BadRecording("a process's table comes before the kernel's");
    }
    status result = is_kernel ? page_table_create_kernel(&made->table)
                              : page_table_create_user(&made->table, kernel_);
    if (result != STATUS_OK) {
        throw BadRecording("the recording has more tables than the pretend PC has memory for");
    }
    made->table.caching_cpus.bits = 0;
    kernel_ = is_kernel ? &made->table : kernel_;
    tables_[line.hexadecimal("root")] = std::move(made);
}

void Replay::play_adopt(const Line &line) {
    boot_.start_frames();
    page_table_adopt_kernel(&table_of(line).table);
}

/* The root goes when the gather that is under way is paid. */
void Replay::play_destroy(const Line &line) {
    table_of(line).is_dying = true;
}

void Replay::play_activate(const Line &line) {
    Table &next = table_of(line);
    bool has_previous = line.hexadecimal("previous") != 0;
    next.table.context_id = static_cast<uint16_t>(line.decimal("context", UINT16_MAX));
    page_table_activate(&next.table, has_previous ? &table_of(line, "previous").table : nullptr);
    next.table.caching_cpus.bits = 0;
}

/* A read brings the translation in; a write marks it dirty, where it is still allowed. */
void Replay::touch(machine::Cpu &cpu, const Table &of, const Line &line) {
    bool is_kernel = of.table.half == HALF_KERNEL;
    if (!cpu.is_translating() || (!is_kernel && cpu.root() != of.table.root.value)) {
        return;
    }
    machine::Privilege privilege =
        is_kernel ? machine::Privilege::SUPERVISOR : machine::Privilege::USER;
    uint64_t start = line.hexadecimal("va");
    uint64_t size = level_size(line.decimal("level", 2));
    uint64_t end = start + (line.decimal("pages") << PAGE_SHIFT);
    bool is_dirty = line.decimal("dirty", 1) != 0;
    for (uint64_t va = start; va - start < end - start; va = align_down(va, size) + size) {
        cpu.read(va, privilege);
        if (is_dirty) {
            cpu.write(va, 0, privilege);
        }
    }
}

void Replay::play_touched(const Line &line) {
    for (unsigned id = 0; id < machine_.config().cpu_count; id++) {
        touch(machine_.cpu(id), table_of(line), line);
    }
}

void Replay::play_flush(const Line &line) {
    std::vector<uint64_t> pages = line.addresses("flush");
    if (pages.size() > TLB_FLUSH_PAGE_MAX) {
        throw BadRecording("a flush has more pages than there can be");
    }
    tlb_flush request = {};
    request.scope = static_cast<tlb_flush_scope>(line.decimal("scope", TLB_FLUSH_ALL));
    request.context_id = static_cast<uint16_t>(line.decimal("context", UINT16_MAX));
    request.cpus.bits = line.hexadecimal("cpus");
    for (uint64_t page : pages) {
        request.pages[request.page_count++] = virt_addr(page);
    }
    platform_tlb_flush_start(&request);
    platform_tlb_flush_wait(&request);
    result_.flushes++;
}

void Replay::play_paid(const Line &line) {
    Table &table = table_of(line);
    if (table.early_payments > 0) {
        table.early_payments--; /* the rest of the operation still owes */
        frames_.drop_free();
        return;
    }
    table.pay();
    if (table.is_dying) {
        if (page_table_destroy_user(&table.table) != STATUS_OK) {
            find("a table was destroyed while a CPU translated through it");
            return;
        }
        tables_.erase(line.hexadecimal("root"));
    }
    frames_.drop_free();
    if (!is_unpaid()) {
        frames_.free_unused_objects();
        look("when line " + std::to_string(line.number()) + " was paid for");
    }
}

void Replay::play_hash(const Line &line) {
    table_hash hash = hash_of(table_of(line).table, frames_);
    if (hash.value != line.hexadecimal("value") || hash.leaf_count != line.decimal("leaves")) {
        find("the table " + line.text("root") + " ends with " + line.text("leaves") +
             " leaves and the hash " + line.text("value") + "; replayed, with " +
             std::to_string(hash.leaf_count) + " and " + hex(hash.value));
    }
    result_.tables_compared++;
    result_.leaves_compared += hash.leaf_count;
}

Place place_of(const Line &line) {
    std::string what = line.word() + " of " + line.text("va") + " + " + line.text("pages") +
                       " pages of the table " + line.text("root") + " by " + line.text("by");
    return {line.number(), std::move(what), line.hexadecimal("at")};
}

/* An operation that failed has changed nothing. */
void Replay::play_change(const Line &line) {
    if (line.status() != STATUS_OK) {
        return;
    }
    Table &of = table_of(line);
    payments_ = 0;
    Table *child = line.has("child") ? &table_of(line, "child") : nullptr;
    status result = make_change(line, of, child, frames_);
    of.early_payments += payments_;
    if (of.has_debt()) {
        since_look_.push_back(place_of(line));
    }
    if (result != STATUS_OK) {
        find("line " + std::to_string(line.number()) +
             " succeeded in the kernel; replayed, its "
             "status is " +
             std::to_string(result));
    }
    result_.operations++;
}

void Replay::play(const Line &line) {
    static const std::map<std::string, Play> plays = {
        {"quire-trace", &Replay::nothing},    {"create", &Replay::play_create},
        {"adopt", &Replay::play_adopt},       {"destroy", &Replay::play_destroy},
        {"activate", &Replay::play_activate}, {"touched", &Replay::play_touched},
        {"flush_start", &Replay::nothing},    {"flush_done", &Replay::play_flush},
        {"paid", &Replay::play_paid},         {"hash", &Replay::play_hash},
    };
    if (line.has("cpu")) {
        machine_.run_on(line.decimal("cpu", CPU_COUNT_MAX - 1));
    }
    auto found = plays.find(line.word());
    if (found == plays.end()) {
        play_change(line);
    } else if (!line.has("status") || line.status() == STATUS_OK) {
        (this->*found->second)(line);
    }
}

} // namespace

Result run(const Recording &recording) {
    return Replay(recording).run();
}

} // namespace replay
