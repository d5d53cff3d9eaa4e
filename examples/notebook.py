# %% [markdown]
# # The use of the beamlines
#
# Asks the tables of beamlive (docs/SQL.md). `BEAMLIVE_SQL` names the database, such as
# `postgresql+psycopg://grafana:password@database.example.org/beamlive`.
# Needs pandas, sqlalchemy and psycopg.

# %%
import os

import pandas as pd
from sqlalchemy import create_engine

DAYS = 30
engine = create_engine(os.environ["BEAMLIVE_SQL"])


def ask(question):
    return pd.read_sql_query(question, engine, params={"days": DAYS})


# %% [markdown]
# ## Datasets per day and beamline

# %%
datasets = ask("""
    SELECT date_trunc('day', d.start_time) AS day, b.acronym AS beamline, count(*) AS datasets
    FROM beamlive.dataset d
    LEFT JOIN beamlive.beamline b ON b.id = d.beamline_id
    WHERE d.start_time >= now() - make_interval(days => %(days)s)
    GROUP BY 1, 2
    ORDER BY 1, 2
""")
per_day = datasets.pivot_table(index="day", columns="beamline", values="datasets", fill_value=0)
print(per_day, end="\n\n")

# %% [markdown]
# ## Hours used per project

# %%
hours = ask("""
    SELECT project, beamline, sum(hours) AS hours
    FROM beamlive.stretch_hours
    WHERE start_time >= now() - make_interval(days => %(days)s)
    GROUP BY 1, 2
    ORDER BY 3 DESC
""")
print(hours.round(1), end="\n\n")

# %% [markdown]
# ## Scores by resolution
#
# The resolution is among the other fields of an upload, which are in `meta`.

# %%
scores = ask("""
    SELECT r.kind, r.score, (d.meta ->> 'resolution')::float AS resolution, d.energy
    FROM beamlive.report r
    JOIN beamlive.dataset d ON d.id = ANY (r.dataset_ids)
    WHERE r.created >= now() - make_interval(days => %(days)s)
""")
print(scores.describe())
