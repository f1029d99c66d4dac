#include "control/facts.h"

namespace slipway::control {

using base::Code;
using data::Value;

void Facts::ask(const std::string& id, const std::string& port, const Value& what, base::Duration timeout,
                std::string owner, Answered answered) {
  if (recorded_.contains(id) || pending_.contains(id)) return;
  const std::uint64_t serial = ++serials_;
  Pending& pending = pending_[id];
  pending = {loop_.now(), serial, std::move(owner), std::move(answered), {}};
  auto record_later = [this, alive = alive_, id, serial](base::Result<Value> answer) {
    if (*alive) record(id, serial, std::move(answer));
  };
  const auto found = ports_.find(port);
  if (found == ports_.end()) {
    pending.timer = loop_.after({}, [record_later, port]() mutable {
      record_later(base::fail(Code::NotFound, "nobody answers questions to \"" + port + "\" here"));
    });
    return;
  }
  pending.timer = loop_.after(timeout, [record_later, port, timeout]() mutable {
    record_later(base::fail(Code::Timeout, "no answer from \"" + port + "\" within " + base::format_duration(timeout)));
  });
  found->second->perform(id, what, record_later);
}

void Facts::record(const std::string& id, std::uint64_t serial, base::Result<Value> answer) {
  const auto found = pending_.find(id);
  if (found == pending_.end() || found->second.serial != serial) return;
  auto pending = pending_.extract(found);
  recorded_.insert_or_assign(
      id, Recorded{{pending.mapped().asked, loop_.now(), std::move(answer)}, pending.mapped().owner});
  pending.mapped().answered();
}

void Facts::forget(std::string_view id) {
  if (const auto it = recorded_.find(id); it != recorded_.end()) recorded_.erase(it);
  if (const auto it = pending_.find(id); it != pending_.end()) pending_.erase(it);
}

void Facts::forget_owner(std::string_view owner) {
  std::erase_if(recorded_, [&](const auto& entry) { return entry.second.owner == owner; });
  std::erase_if(pending_, [&](const auto& entry) { return entry.second.owner == owner; });
}

void Facts::clear() {
  recorded_.clear();
  pending_.clear();
}

const Fact* Facts::find(std::string_view id) const {
  const auto it = recorded_.find(id);
  return it == recorded_.end() ? nullptr : &it->second.fact;
}

}  // namespace slipway::control
