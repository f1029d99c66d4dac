// Which version a user gets from a gray release or an A/B test, and why. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/value.h"
#include "delivery/plan/compile_gray.h"

namespace slipway::delivery {

// What one cohort says about a user.
struct CohortSays {
  plan::Grant grant;                        // the part of it that is asked about
  bool in = false;                          // he is in that part
  std::string why;                          // a sentence without a subject: "its match holds"
  std::optional<std::int64_t> bucket = {};  // that decided
};
CohortSays ask(const plan::Cohort& cohort, plan::Share share, const plan::Request& request, const std::string& salt);

struct UserPlace {
  bool candidate = false;
  std::optional<std::size_t> batch = {};  // that lets him in, done or still to come; none: only when everybody is
  bool let_in = false;                    // that batch is done
  std::vector<CohortSays> cohorts;        // of that batch, or of all where no batch lets him in
};

// Of a Release of strategy gray. `salt`: of its route (base/user_bucket.h).
UserPlace place_of(const data::Value& release, const plan::GrayParts& parts, const plan::Request& request,
                   const std::string& salt);

// How many of the first batches are done.
std::size_t batches_done(const data::Value& release, const plan::GrayParts& parts);

// Of a Release of strategy abTest, as its test gives it or would.
struct UserVariant {
  std::optional<std::size_t> variant = {};  // its number; none: the stable version
  bool stopped = false;                     // that one is, and he gets the stable version in its place
  std::string why = {};                     // a sentence without a subject
  std::optional<std::int64_t> bucket = {};  // that decided
};
UserVariant variant_of(const data::Value& release, const std::map<std::string, plan::Cohort>& cohorts,
                       const plan::Request& request, const std::string& salt);

}  // namespace slipway::delivery
