// Commands to a Release, and the controller's answers.
#pragma once

#include <optional>
#include <string>

#include "cli/commands.h"
#include "delivery/commands.h"

namespace slipway::cli {

// How long the controller may take to answer a command.
inline constexpr base::Duration kPatience = base::seconds(15);

// A command before it that nobody has answered yet, and for which it has to wait: a Release has one place for them. An
// abort takes the place of others.
std::optional<delivery::Command> in_the_way(const data::Value& release, const delivery::Command& command);

// What became of a command that was recorded.
struct Answer {
  bool accepted = false;
  std::string text = {};
  bool operator==(const Answer&) const = default;
};
// nullopt: nothing yet.
std::optional<Answer> answer_to(const data::Value& release, const delivery::Command& command);

// How a command ended.
struct Sent {
  ExitCode code = ExitCode::Failed;
  std::string text = {};                  // for people
  std::optional<base::Error> error = {};  // of the server
};

// A command on its way to the controller, for those who have something else to do meanwhile.
class Sending {
 public:
  // Gives the command its id and its author.
  Sending(Setting& s, std::string name, delivery::Command command);

  // Does what can be done now: writes it as soon as it may, then looks for its answer. nullopt: ask again soon.
  std::optional<Sent> go_on();
  const delivery::Command& command() const { return command_; }

 private:
  std::optional<Sent> record(const data::Value& release);
  Sent late() const;

  Setting& s_;
  std::string name_;
  delivery::Command command_;
  base::Time end_;
  bool recorded_ = false;
  std::string waits_for_;  // the command before it
};

// Sends the command, as soon as it may, and waits until the controller says what became of it.
ExitCode send(Setting& s, const std::string& name, delivery::Command command);

// Holds the release, or lets it go on: a field of the Release, which needs no answer. Gives what to say of it.
base::Result<std::string> set_paused(Setting& s, const std::string& name, bool paused);

}  // namespace slipway::cli
