//! The facility of the tests.

/// Two beamlines with automounters, one without, three projects of users and one of staff.
pub const FACILITY: &str = r#"
[[project]]
username = "staff"
[[project]]
username = "alice"
name = "Alice's group"
ssh_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHmviWc9fXW1Pum7mFf7huogMThAljEqFmPtLDybonxi alice@home"]
[[project]]
username = "bob"
[[project]]
username = "carol_3-x"

[[beamline]]
acronym = "BM"
name = "08B1-1"
[[beamline]]
acronym = "ID"
name = "08ID-1"
[[beamline]]
acronym = "SIM"
name = "Simulator"
active = false

[[container_type]]
name = "Uni-Puck"
locations = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"]
[[container_type]]
name = "Adaptor"
locations = ["A", "B", "C", "D"]
[[container_type]]
name = "Dewar"
locations = ["1", "2", "3", "4"]

[[container]]
project = "staff"
name = "AM-BM"
type = "Dewar"
status = "on-site"
[[container]]
project = "staff"
name = "AM-ID"
type = "Dewar"
status = "on-site"
[[automounter]]
beamline = "BM"
container = { project = "staff", name = "AM-BM" }
[[automounter]]
beamline = "ID"
container = { project = "staff", name = "AM-ID" }

[[container]]
project = "staff"
name = "AD-1"
type = "Adaptor"
status = "on-site"
parent = { project = "staff", name = "AM-BM" }
location = "1"

[[container]]
project = "alice"
name = "CLS-0042"
type = "Uni-Puck"
status = "on-site"
parent = { project = "staff", name = "AD-1" }
location = "A"

[[group]]
project = "alice"
name = "native"
priority = 1

[[sample]]
project = "alice"
name = "lys-3"
container = "CLS-0042"
location = "3"
group = "native"
priority = 2
[[sample]]
project = "alice"
name = "lys-1"
container = "CLS-0042"
location = "1"
[[container]]
project = "bob"
name = "BOB-1"
type = "Uni-Puck"
status = "on-site"
[[sample]]
project = "bob"
name = "ins-1"
container = "BOB-1"
location = "1"
barcode = "B-1"
comments = "handle with care"

[[access_list]]
name = "home"
address = "127.0.0.0/8"
users = ["alice", "bob"]
beamlines = ["BM"]
"#;
