// A release shown in place: a block that is redrawn, and below it what keys mean. Keys act by the same code as
// commands, without holding up the picture.
#pragma once

#include <optional>
#include <string>

#include "cli/keyboard.h"
#include "cli/keys.h"
#include "cli/log_tail.h"
#include "cli/send.h"
#include "cli/show.h"

namespace slipway::cli {

class LiveShow final : public Show {
 public:
  LiveShow(Setting& s, std::string name) : Show(s), name_(std::move(name)), logs_(s) {}

  void show(const Sight& sight) override;
  void away(const std::string& why) override;
  void end(const Sight& sight) override;
  bool rest(base::Duration duration) override;

 private:
  void draw();
  std::string footer() const;
  bool take_keys();  // false: the person leaves
  void act(Deed deed);
  void set_paused(bool paused);
  void go_on_sending();
  void note(const std::string& text);

  std::string name_;
  Keyboard keyboard_;
  Keys keys_ = {};
  Sight sight_ = {};  // as it is shown
  view::ReleaseView view_ = {};
  std::string away_ = {};           // why nothing can be shown
  std::optional<Sending> sending_;  // a command that has no answer yet
  std::string note_ = {};           // what became of the last one
  LogTail logs_;
};

}  // namespace slipway::cli
