// A plugin for qemu's user mode: which blocks of instructions run in a program's second frame, how often, and which follows which.
//   qemu-aarch64 -plugin blocks.so,out=FILE PROGRAM …
// FILE gets JSON when the program ends. Run-times have threads beside the one that works, so each follows its own blocks.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

// What is used here of qemu's interface for plugins, version 1, which Debian has no header of.
extern "C" {
using PluginId = uint64_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info_t;
void qemu_plugin_register_vcpu_tb_trans_cb(PluginId, void (*)(PluginId, qemu_plugin_tb*));
void qemu_plugin_register_vcpu_tb_exec_cb(qemu_plugin_tb*, void (*)(unsigned cpu, void*), int registers, void*);
void qemu_plugin_register_atexit_cb(PluginId, void (*)(PluginId, void*), void*);
size_t qemu_plugin_tb_n_insns(const qemu_plugin_tb*);
uint64_t qemu_plugin_tb_vaddr(const qemu_plugin_tb*);
qemu_plugin_insn* qemu_plugin_tb_get_insn(const qemu_plugin_tb*, size_t);
void* qemu_plugin_insn_haddr(const qemu_plugin_insn*);
const char* qemu_plugin_insn_symbol(const qemu_plugin_insn*);

__attribute__((visibility("default"))) extern const int qemu_plugin_version = 1;
__attribute__((visibility("default"))) int qemu_plugin_install(PluginId, const qemu_info_t*, int, char**);
}

namespace {

/// The function of scene.h that is called when a frame begins, and after the last.
constexpr char marker[] = "frame_begins";
constexpr int counted_frame = 2, no_registers = 0;

struct Block {
  size_t index;
  std::string symbol;
  bool is_marker;
  uint64_t count = 0;
  /// Few: the ends of a branch, or the callers of a function.
  std::vector<std::pair<Block*, uint64_t>> next;
};

/// A block that is translated again goes on counting; other instructions at its address are another one.
using Code = std::pair<uint64_t, std::vector<uint32_t>>;
std::map<Code, Block> blocks;
/// Of all blocks.
std::mutex mutex;
thread_local Block* last = nullptr;
std::atomic<int> frames = 0;
const char* out = nullptr;

void follows(Block& from, Block* to) {
  for (size_t i = 0; i < from.next.size(); i++) {
    if (from.next[i].first != to) continue;
    from.next[i].second++;
    // The most frequent ones come to the front.
    if (i > 0 && from.next[i].second > from.next[i - 1].second) std::swap(from.next[i], from.next[i - 1]);
    return;
  }
  from.next.emplace_back(to, 1);
}

void ran(unsigned, void* data) {
  auto* block = static_cast<Block*>(data);
  if (block->is_marker) {
    frames++;
    last = nullptr;
  }
  if (frames != counted_frame) return;
  const std::lock_guard lock(mutex);
  block->count++;
  if (last) follows(*last, block);
  last = block;
}

void translated(PluginId, qemu_plugin_tb* tb) {
  Code code = {qemu_plugin_tb_vaddr(tb), std::vector<uint32_t>(qemu_plugin_tb_n_insns(tb))};
  for (size_t i = 0; i < code.second.size(); i++)
    std::memcpy(&code.second[i], qemu_plugin_insn_haddr(qemu_plugin_tb_get_insn(tb, i)), sizeof(uint32_t));
  const std::lock_guard lock(mutex);
  const auto [at, is_new] = blocks.try_emplace(std::move(code));
  Block& block = at->second;
  if (is_new) {
    const char* symbol = qemu_plugin_insn_symbol(qemu_plugin_tb_get_insn(tb, 0));
    block.index = blocks.size() - 1;
    block.symbol = symbol ? symbol : "";
    block.is_marker = block.symbol == marker;
  }
  qemu_plugin_register_vcpu_tb_exec_cb(tb, ran, no_registers, &block);
}

void ended(PluginId, void*) {
  const std::lock_guard lock(mutex);
  std::FILE* file = std::fopen(out, "w");
  if (!file) {
    std::perror(out);
    return;
  }
  std::fprintf(file, "{\"frames\":%d,\"blocks\":[", frames.load());
  const char* comma = "";
  for (const auto& [code, block] : blocks) {
    if (block.count == 0) continue;
    std::fprintf(file, "%s\n{\"index\":%zu,\"address\":\"%016llx\",\"symbol\":\"%s\",\"count\":%llu,\"words\":[", comma, block.index,
                 static_cast<unsigned long long>(code.first), block.symbol.c_str(), static_cast<unsigned long long>(block.count));
    comma = ",";
    for (size_t i = 0; i < code.second.size(); i++) std::fprintf(file, "%s\"%08x\"", i > 0 ? "," : "", code.second[i]);
    std::fputs("],\"next\":[", file);
    for (size_t i = 0; i < block.next.size(); i++)
      std::fprintf(file, "%s[%zu,%llu]", i > 0 ? "," : "", block.next[i].first->index,
                   static_cast<unsigned long long>(block.next[i].second));
    std::fputs("]}", file);
  }
  std::fputs("]}\n", file);
  std::fclose(file);
}

}  // namespace

int qemu_plugin_install(PluginId id, const qemu_info_t*, int count, char** words) {
  for (int i = 0; i < count; i++)
    if (std::strncmp(words[i], "out=", 4) == 0) out = words[i] + 4;
  if (!out) {
    std::fputs("blocks: expected out=FILE\n", stderr);
    return -1;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, ended, nullptr);
  return 0;
}
