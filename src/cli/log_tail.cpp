#include "cli/log_tail.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/meta.h"
#include "base/strings.h"
#include "cli/logs.h"
#include "view/text.h"

namespace slipway::cli {
namespace {

using data::Value;

constexpr base::Duration kEvery = base::seconds(2);
constexpr std::size_t kPods = 3;
constexpr int kLinesOfEach = 8;

// Of one that has not started, the server has no log.
bool has_started(const Value& pod) {
  const Value& state = pod["status"]["containerStatuses"].at(0)["state"];
  return state.has("running") || state.has("terminated");
}

std::string path_of(const Setting& s, const Value& pod) {
  const LogSource source{std::string(api::name_of(pod)), pod["spec"]["containers"].at(0)["name"].str()};
  return log_path(s, source, Logs{.tail = kLinesOfEach});
}

}  // namespace

std::vector<Value> pods_for_tail(const Sight& sight, std::size_t most) {
  auto pods = pods_for_logs(sight, Logs{.canary = true}, std::nullopt);
  if (!pods) return {};
  std::erase_if(*pods, [](const Value& pod) { return !has_started(pod); });
  std::ranges::stable_sort(*pods, std::ranges::greater{},
                           [](const Value& pod) { return pod["metadata"]["creationTimestamp"].as_string(); });
  if (pods->size() > most) pods->resize(most);
  return *std::move(pods);
}

void LogTail::look(const Sight& sight) {
  if (sight.now - looked_at_ < kEvery) return;
  looked_at_ = sight.now;
  lines_.clear();
  for (const Value& pod : pods_for_tail(sight, kPods)) read(pod);
}

void LogTail::read(const Value& pod) {
  const auto text = s_.api.fetch(path_of(s_, pod), "*/*");
  if (!text) return lines_.push_back(fmt::format("[{}] {}", api::name_of(pod), text.error().message));
  for (const std::string_view line : base::split(*text, '\n'))
    if (!line.empty()) lines_.push_back(fmt::format("[{}] {}", api::name_of(pod), view::one_line(std::string(line))));
}

std::vector<std::string> LogTail::lines(std::size_t most) const {
  if (lines_.empty()) return {"no pod of the new version has written anything"};
  const auto first = lines_.size() > most ? lines_.end() - static_cast<std::ptrdiff_t>(most) : lines_.begin();
  return {first, lines_.end()};
}

}  // namespace slipway::cli
