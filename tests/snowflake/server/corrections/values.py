"""Values: the result of an expression, and how it reaches the client."""

import pyarrow as pa
import pyarrow.compute as pc
from fakesnow import arrow, transforms
from fakesnow.cursor import FakeSnowflakeCursor
from sqlglot import exp

from corrections import correction


@correction
def null_timestamps(_s3_url: str) -> None:
    """arrow.py timestamp_to_sf_struct drops the mask of nulls: a timestamp that is null arrives as 1970-01-01."""
    to_struct = arrow.timestamp_to_sf_struct

    def to_struct_with_nulls(timestamps):
        if isinstance(timestamps, pa.ChunkedArray):
            timestamps = timestamps.combine_chunks()
        struct = to_struct(pc.fill_null(timestamps, pa.scalar(0, timestamps.type)))
        fields = [struct.field(place) for place in range(struct.type.num_fields)]
        return pa.StructArray.from_arrays(fields, fields=list(struct.type), mask=pc.is_null(timestamps))

    arrow.timestamp_to_sf_struct = to_struct_with_nulls


@correction
def exact_sums(_s3_url: str) -> None:
    """transforms.py numeric_agg_implicit_cast makes every sum of NUMBER a DOUBLE: it loses cents and becomes FLOAT."""
    implicit_cast = transforms.numeric_agg_implicit_cast

    def keep_exact(expression):
        found = implicit_cast(expression)
        sum_ = found.this if isinstance(found, exp.Alias) else found
        if isinstance(sum_, exp.Sum) and isinstance(sum_.this, exp.TryCast) and sum_.this.is_type("double"):
            sum_.set("this", sum_.this.this)
        return found

    transforms.numeric_agg_implicit_cast = keep_exact


@correction
def text_out_of_variant(_s3_url: str) -> None:
    """cursor.py _transform keeps CAST(variant AS VARCHAR): DuckDB gives a string in JSON's quotes, Snowflake as it is.

    Corrected where it is parsed again, parse_json(cast(x as varchar)), and where a column is selected so, as when RAW
    is read back: elsewhere a cast does not tell what it casts.
    """
    transform = FakeSnowflakeCursor._transform

    def transform_casts(self, *args):
        found = transform(self, *args)
        for cast in list(found.find_all(exp.Cast)):
            is_selected = isinstance(cast.parent, exp.Select) and isinstance(cast.this, exp.Column)
            if cast.is_type(*exp.DataType.TEXT_TYPES) and (is_selected or isinstance(cast.parent, exp.ParseJSON)):
                json = exp.Anonymous(this="to_json", expressions=[cast.this.copy()])
                text = exp.Anonymous(this="json_extract_string", expressions=[json, exp.Literal.string("$")])
                kind = exp.Anonymous(this="typeof", expressions=[cast.this.copy()])
                cast.replace(exp.case(kind).when(exp.Literal.string("JSON"), text).else_(cast.copy()))
        return found

    FakeSnowflakeCursor._transform = transform_casts


@correction
def md5_numbers(_s3_url: str) -> None:
    """sqlglot writes MD5_NUMBER_UPPER64 as M_D5_NUMBER_UPPER64, which DuckDB does not have."""
    transform = FakeSnowflakeCursor._transform

    def transform_hashes(self, *args):
        found = transform(self, *args)
        for hashed in list(found.find_all(exp.MD5NumberUpper64)):
            digits = exp.Left(this=exp.MD5(this=hashed.this.copy()), expression=exp.Literal.number(16))
            number = exp.Concat(expressions=[exp.Literal.string("0x"), digits])
            unsigned = exp.cast(number, exp.DataType.Type.UBIGINT)
            hashed.replace(exp.cast(unsigned, exp.DataType.build("DECIMAL(20, 0)")))
        return found

    FakeSnowflakeCursor._transform = transform_hashes
