#include "delivery/commands.h"

#include <fmt/format.h>

#include <array>

#include "api/meta.h"
#include "data/json.h"
#include "delivery/names.h"

namespace slipway::delivery {
namespace {

using data::Value;

constexpr std::array<std::string_view, 8> kVerbs = {"promote", "promote-full", "promote-now", "promote-to",
                                                    "abort",   "retry",        "back",        "undo"};

}  // namespace

std::string_view to_text(Verb verb) { return kVerbs[static_cast<std::size_t>(verb)]; }

std::string typed(const Command& command) {
  switch (command.verb) {
    case Verb::PromoteFull:
      return "promote --full";
    case Verb::PromoteNow:
      return "promote --now";
    case Verb::PromoteTo:
      return fmt::format("promote --to-step {}", command.step.value_or(0));
    case Verb::Undo:
      return command.revision ? fmt::format("undo --to {}", *command.revision) : "undo";
    case Verb::Promote:
    case Verb::Abort:
    case Verb::Retry:
    case Verb::Back:
      return std::string(to_text(command.verb));
  }
  base::bug("unknown verb", __FILE__, __LINE__);
}

Value command_patch(const Command& command) {
  Value v = Value::object({{"id", command.id}, {"verb", to_text(command.verb)}});
  if (!command.by.empty()) v.set("by", command.by);
  if (!command.reason.empty()) v.set("reason", command.reason);
  if (command.revision) v.set("revision", *command.revision);
  if (command.step) v.set("step", *command.step);
  return Value::object(
      {{"metadata", Value::object({{"annotations", Value::object({{kCommandAnnotation, data::to_json(v)}})}})}});
}

Value pause_patch(bool paused) { return Value::object({{"spec", Value::object({{"paused", paused}})}}); }

base::Result<std::optional<Command>> command_of(const Value& release) {
  const std::string_view text = api::annotation(release, kCommandAnnotation);
  if (text.empty()) return std::nullopt;
  const auto v = data::parse_json(text);
  if (!v) return base::fail(base::Code::Invalid, "annotation slipway.dev/command: " + v.error().message);
  Command out{.id = (*v)["id"].str(), .by = (*v)["by"].str(), .reason = (*v)["reason"].str()};
  if (out.id.empty()) return base::fail(base::Code::Invalid, "annotation slipway.dev/command: id is missing");
  if ((*v)["revision"].is_int()) out.revision = (*v)["revision"].as_int();
  if ((*v)["step"].is_int()) out.step = (*v)["step"].as_int();
  for (std::size_t i = 0; i < kVerbs.size(); ++i)
    if ((*v)["verb"].as_string() == kVerbs[i]) {
      out.verb = static_cast<Verb>(i);
      return out;
    }
  return base::fail(base::Code::Invalid,
                    "annotation slipway.dev/command: verb must be promote, promote-full, promote-now, promote-to, "
                    "abort, retry, back or undo");
}

}  // namespace slipway::delivery
