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

namespace {

// Writes it into the place that a Release has for a command, once that is free. Nullopt: it is there.
std::optional<ExitCode> record(Setting& s, const std::string& name, const delivery::Command& command, base::Time end) {
  std::string waits_for;
  do {
    const auto release = s.api.get(api::kReleases, name);
    if (!release) return tell(s, release.error());
    if (const auto other = in_the_way(*release, command)) {
      waits_for = text_of(*other);
    } else {
      Value patch = delivery::command_patch(command);
      patch.set({"metadata", "resourceVersion"}, (*release)["metadata"]["resourceVersion"]);
      const auto patched = s.api.patch(api::kReleases, name, client::PatchType::Merge, std::move(patch));
      if (patched) return std::nullopt;
      if (patched.error().code != Code::Conflict) return tell(s, patched.error());
    }
    if (!s.api.pause(kInterval)) return ExitCode::Interrupted;
  } while (s.api.now() < end);
  s.terminal.talk(waits_for.empty() ? "release/" + name + " changes all the time: nothing was recorded; try again"
                                    : fmt::format("nothing was recorded: no controller has answered `{}` yet; is one "
                                                  "running?",
                                                  waits_for));
  return ExitCode::TimedOut;
}

}  // namespace

ExitCode send(Setting& s, const std::string& name, delivery::Command command) {
  runtime::real::OsRandom random;
  command.id = runtime::make_uid(random);
  command.by = person(s);
  const base::Time end = s.api.now() + kPatience;
  if (const auto failed = record(s, name, command, end)) return *failed;
  while (s.api.now() < end) {
    const auto release = s.api.get(api::kReleases, name);
    if (!release) return tell(s, release.error());
    if (const auto answer = answer_to(*release, command)) {
      s.terminal.talk("release/" + name + "  " + delivery::typed(command) + " " + answer->text);
      return answer->accepted ? ExitCode::Reached : ExitCode::Failed;
    }
    if (!s.api.pause(kInterval)) return ExitCode::Interrupted;
  }
  s.terminal.talk("the command is recorded, but no controller has answered: is one running?");
  return ExitCode::TimedOut;
}

}  // namespace slipway::cli
