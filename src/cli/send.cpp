#include "cli/send.h"

#include <fmt/format.h>

#include "cli/exit.h"
#include "cli/print.h"
#include "runtime/real/loop.h"

namespace slipway::cli {
namespace {

using base::Code;
using data::Value;

constexpr base::Duration kInterval = base::milliseconds(50);

std::string text_of(const delivery::Command& command) {
  return delivery::typed(command) + (command.by.empty() ? "" : " of " + command.by);
}

}  // namespace

std::optional<delivery::Command> in_the_way(const Value& release, const delivery::Command& command) {
  auto known = delivery::command_of(release);
  if (!known || !*known || (*known)->id == command.id) return std::nullopt;
  if ((*known)->id == release["status"]["command"]["id"].as_string()) return std::nullopt;
  const bool goes_first = command.verb == delivery::Verb::Abort && (*known)->verb != delivery::Verb::Abort;
  return goes_first ? std::nullopt : *std::move(known);
}

std::optional<Answer> answer_to(const Value& release, const delivery::Command& command) {
  const Value& status = release["status"];
  if (const Value& last = status["command"]; last["id"].as_string() == command.id)
    return Answer{!last["result"].as_string().starts_with("refused"), last["result"].str()};
  for (const Value& entry : status["log"].items())
    if (entry["inputs"]["id"].as_string() == command.id)
      return Answer{entry["inputs"]["accepted"].as_bool(), entry["inputs"]["result"].str()};
  const auto known = delivery::command_of(release);
  if (known && *known && (*known)->id != command.id)
    return Answer{false, "not carried out: `" + text_of(**known) + "` came before it was answered"};
  return std::nullopt;
}

Sending::Sending(Setting& s, std::string name, delivery::Command command)
    : s_(s), name_(std::move(name)), command_(std::move(command)), end_(s.api.now() + kPatience) {
  runtime::real::OsRandom random;
  command_.id = runtime::make_uid(random);
  command_.by = person(s);
}

std::optional<Sent> Sending::go_on() {
  const auto release = s_.api.get(api::kReleases, name_);
  if (!release) return Sent{.error = release.error()};
  if (!recorded_) {
    if (auto failed = record(*release)) return failed;
  } else if (const auto answer = answer_to(*release, command_)) {
    return Sent{answer->accepted ? ExitCode::Reached : ExitCode::Failed,
                "release/" + name_ + "  " + delivery::typed(command_) + " " + answer->text};
  }
  return s_.api.now() < end_ ? std::nullopt : std::optional(late());
}

// Into the place that a Release has for a command, once that is free.
std::optional<Sent> Sending::record(const Value& release) {
  if (const auto other = in_the_way(release, command_)) {
    waits_for_ = text_of(*other);
    return std::nullopt;
  }
  Value patch = delivery::command_patch(command_);
  patch.set({"metadata", "resourceVersion"}, release["metadata"]["resourceVersion"]);
  const auto patched = s_.api.patch(api::kReleases, name_, client::PatchType::Merge, std::move(patch));
  recorded_ = patched.has_value();
  if (patched || patched.error().code == Code::Conflict) return std::nullopt;
  return Sent{.error = patched.error()};
}

Sent Sending::late() const {
  if (recorded_)
    return {ExitCode::TimedOut, "the command is recorded, but no controller has answered: is one running?"};
  return {ExitCode::TimedOut,
          waits_for_.empty()
              ? "release/" + name_ + " changes all the time: nothing was recorded; try again"
              : fmt::format("nothing was recorded: no controller has answered `{}` yet; is one running?", waits_for_)};
}

ExitCode send(Setting& s, const std::string& name, delivery::Command command) {
  for (Sending sending(s, name, std::move(command));;) {
    if (const auto sent = sending.go_on()) {
      if (sent->error) return tell(s, *sent->error);
      s.terminal.talk(sent->text);
      return sent->code;
    }
    if (!s.api.pause(kInterval)) return ExitCode::Interrupted;
  }
}

base::Result<std::string> set_paused(Setting& s, const std::string& name, bool paused) {
  const auto patched = s.api.patch(api::kReleases, name, client::PatchType::Merge, delivery::pause_patch(paused));
  if (!patched) return std::unexpected(patched.error());
  return "release/" + name + (paused ? "  is to pause" : "  goes on");
}

}  // namespace slipway::cli
