// How a release is shown while it is followed: in place with keys on a terminal (live_show.h), a line for each decision
// elsewhere, or in a format for programs.
#pragma once

#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/verdict.h"

namespace slipway::cli {

// Shows one sight after the other.
class Show {
 public:
  explicit Show(Setting& s) : s_(s) {}
  virtual ~Show() = default;
  Show(const Show&) = delete;
  Show& operator=(const Show&) = delete;

  virtual void show(const Sight& sight) = 0;
  virtual void away(const std::string& why) = 0;  // the server does not answer
  virtual void end(const Sight&) {}
  // Waits until the next look. False: the person leaves.
  virtual bool rest(base::Duration duration);

 protected:
  Setting& s_;
};

// What is printed in a format for programs: each change, as documents one after the other, or what it is at the end.
enum class Printed { Changes, End };

// Of the Release `name`.
std::unique_ptr<Show> make_show(Setting& s, const std::string& name, Format format, Printed printed);

// The object that `status` prints, with the administrator's stop.
data::Value status_object(Setting& s, const Sight& sight);

}  // namespace slipway::cli
