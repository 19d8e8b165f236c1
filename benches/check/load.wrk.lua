-- wrk's script: requests from a file, one or at random, and a line with what became of them.
-- Each request of the file is a head and a body; @UUID@ and @ADDRESS@ are new in each that is sent.

local all, fresh = {}, false

local function random_uuid()
  return (("xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx"):gsub("x", function()
    return ("%x"):format(math.random(0, 15))
  end))
end

local function random_address()
  return ("10.%d.%d.%d"):format(math.random(0, 255), math.random(0, 255), math.random(1, 254))
end

function init(args)
  math.randomseed(os.time())
  local file = assert(io.open(args[1], "rb"))
  for one in file:read("*a"):gmatch("([^%z]+)%z") do
    all[#all + 1] = one
  end
  fresh = all[1]:find("@UUID@", 1, true) or all[1]:find("@ADDRESS@", 1, true)
end

function request()
  local one = all[math.random(#all)]
  if fresh then
    one = one:gsub("@UUID@", random_uuid):gsub("@ADDRESS@", random_address)
  end
  return one
end

function done(summary, latency)
  local lost = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  print(("RESULT %d %d %d %d %d %d"):format(summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), summary.errors.status, lost))
end
