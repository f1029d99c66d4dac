// A user as `slipway cohort` is told of one: by options, or by a line of a list.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/command_line.h"
#include "delivery/plan/cohort.h"

namespace slipway::cli {

// The same for every cohort, but for keys and attributes, which each cohort reads where it says.
struct User {
  std::string key;
  std::map<std::string, std::string> attributes;
  std::map<delivery::plan::Source, std::string> parts;
};

base::Result<User> user_of(const CohortWho& who);
// A JSON object a line; "-" is standard input.
base::Result<std::vector<User>> read_users(const std::string& path);

// What the requests of this user say to a cohort. Both have to outlive it.
delivery::plan::Request request_of(const User& user, const delivery::plan::Cohort& cohort);

// What is said of the user and read by none of these cohorts, as it happens to what is misspelt: a sentence each, with
// what they do read.
std::vector<std::string> unread(const User& user, const std::vector<delivery::plan::Cohort>& cohorts);

// Of how many users nothing is known that one of these cohorts has for its key; a sentence, empty: of none.
std::string keyless(const std::vector<User>& users, const std::vector<delivery::plan::Cohort>& cohorts);

}  // namespace slipway::cli
