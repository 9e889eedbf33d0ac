"""Taught names in local[2]: prints them as JSON, and what is said of a store that there is not."""

from session import asked, pictures_in, rows_of, session, tell

from ocellus_spark import classify

spark = session("local[2]")
pictures = pictures_in(spark, asked["folder"])


def refusal():
    try:
        classify(pictures, store=asked["scratch"] + "/none")
    except ValueError as error:
        return str(error)
    return None


tell(named=rows_of(classify(pictures, store=asked["store"])), refusal=refusal())
